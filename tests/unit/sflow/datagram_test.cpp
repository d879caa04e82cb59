#include "sflow/datagram.hpp"

#include "random_block.hpp"
#include "wire.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <map>
#include <variant>

namespace sfa::sflow_datagram_test {

using namespace sflow;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kV4Header = 28;
constexpr std::size_t kSampleOverhead = 24;
constexpr std::size_t kParentRecord = 16;

const IpAddress kV4 = *IpAddress::parse("192.0.2.1");
const IpAddress kV6 = *IpAddress::parse("2001:db8::1");

std::vector<DecodedDatagram> decoded(const Packed& packed) {
  std::vector<DecodedDatagram> datagrams;
  for (const auto& bytes : packed.datagrams) {
    auto datagram = decode_strictly(bytes);
    INFO((datagram ? "" : datagram.error().message));
    REQUIRE(datagram);
    datagrams.push_back(*std::move(datagram));
  }
  return datagrams;
}

// All blocks in the order of the wire, by source; each sample is checked to have some.
std::map<DataSource, std::vector<CounterBlock>> blocks_by_source(const Packed& packed) {
  std::map<DataSource, std::vector<CounterBlock>> blocks;
  for (const auto& datagram : decoded(packed)) {
    for (const auto& sample : datagram.samples) {
      const auto& counters = std::get<DecodedCounters>(sample);
      CHECK_FALSE(counters.records.empty());
      for (const auto& record : counters.records) {
        blocks[counters.source].push_back(std::get<CounterBlock>(record));
      }
    }
  }
  return blocks;
}

CounterSample parents(DataSource source, std::uint32_t count) {
  CounterSample sample{.source = source, .blocks = {}};
  for (std::uint32_t i = 0; i < count; ++i) {
    sample.blocks.emplace_back(HostParent{2, i});
  }
  return sample;
}

Packed pack_one(const CounterSample& sample, std::size_t max_bytes) {
  SequenceNumbers numbers;
  return pack({kV4, 100'000}, std::vector{sample}, max_bytes, 0ms, numbers);
}

} // namespace

TEST_CASE("a datagram carries agent address, sub-agent, number and uptime") {
  SequenceNumbers numbers;
  const auto agent = GENERATE(AgentIdentity{kV4, 100'000}, AgentIdentity{kV6, 7});
  const auto packed = pack(agent, std::vector{parents(kHostDataSource, 1)}, 1400, 90'061'500ms, numbers);
  const auto datagrams = decoded(packed);
  REQUIRE(datagrams.size() == 1);
  CHECK(datagrams[0].agent_address == agent.address);
  CHECK(datagrams[0].sub_agent_id == agent.sub_agent_id);
  CHECK(datagrams[0].sequence_number == 1);
  CHECK(datagrams[0].uptime == 90'061'500);
}

TEST_CASE("uptime wraps at 2^32 ms") {
  SequenceNumbers numbers;
  const auto uptime = std::chrono::milliseconds((std::int64_t{1} << 32) + 5);
  CHECK(
      decoded(pack({kV4, 1}, std::vector{parents(kHostDataSource, 1)}, 1400, uptime, numbers)).at(0).uptime ==
      5);
}

TEST_CASE("every block arrives once and in order, and no datagram exceeds its size") {
  const auto seed = GENERATE(range(1U, 11U));
  const std::vector<CounterSample> samples{{kHostDataSource, RandomBlocks(seed).one_of_each()},
                                           {{0, 4}, {}},
                                           {{0, 5}, RandomBlocks(seed + 1000).one_of_each()},
                                           {{3, 100'000}, {HostParent{2, 1}}}};
  const auto max_bytes = GENERATE(450UL, 500UL, 777UL, 1400UL, 8192UL);
  const auto address = GENERATE(kV4, kV6);
  INFO("seed " << seed << ", " << max_bytes << " bytes");
  SequenceNumbers numbers;
  const auto packed = pack({address, 1}, samples, max_bytes, 0ms, numbers);
  CHECK(packed.too_large.empty());
  for (const auto& datagram : packed.datagrams) {
    CHECK(datagram.size() <= max_bytes);
  }
  const auto blocks = blocks_by_source(packed);
  CHECK(blocks.size() == 3); // a source without blocks has no sample
  for (const auto& sample : samples) {
    const auto found = blocks.find(sample.source);
    CHECK((found == blocks.end() ? std::vector<CounterBlock>{} : found->second) == sample.blocks);
  }
}

TEST_CASE("blocks share one sample as long as they fit") {
  constexpr std::size_t kThree = kV4Header + kSampleOverhead + 3 * kParentRecord;
  const auto sample = parents(kHostDataSource, 3);
  const auto fits = pack_one(sample, kThree);
  REQUIRE(fits.datagrams.size() == 1);
  CHECK(fits.datagrams[0].size() == kThree);
  CHECK(decoded(fits).at(0).samples.size() == 1);

  const auto spread = decoded(pack_one(sample, kThree - 1));
  REQUIRE(spread.size() == 2);
  CHECK(std::get<DecodedCounters>(spread[0].samples.at(0)).records.size() == 2);
  CHECK(std::get<DecodedCounters>(spread[1].samples.at(0)).records.size() == 1);
}

TEST_CASE("samples share one datagram as long as they fit") {
  constexpr std::size_t kTwo = kV4Header + 2 * (kSampleOverhead + kParentRecord);
  const std::vector samples{parents({0, 1}, 1), parents({0, 2}, 1)};
  SequenceNumbers numbers;
  CHECK(pack({kV4, 1}, samples, kTwo, 0ms, numbers).datagrams.size() == 1);
  CHECK(pack({kV4, 1}, samples, kTwo - 1, 0ms, numbers).datagrams.size() == 2);
}

TEST_CASE("a block that is too large for any datagram is left out and reported, the others are sent") {
  HostAdapters adapters;
  adapters.adapters.resize(32);
  CounterSample sample = parents(kHostDataSource, 2);
  sample.blocks.insert(sample.blocks.begin() + 1, adapters);
  const auto packed = pack_one(sample, 200);
  CHECK(packed.too_large == std::vector<TooLarge>{{kHostDataSource, "host_adapters"}});
  REQUIRE(packed.datagrams.size() == 1);
  CHECK(blocks_by_source(packed).at(kHostDataSource) == parents(kHostDataSource, 2).blocks);
}

TEST_CASE("a block that fills a datagram to the last byte is sent") {
  constexpr std::size_t kAlone = kV4Header + kSampleOverhead + kParentRecord;
  CHECK(pack_one(parents(kHostDataSource, 1), kAlone).datagrams.size() == 1);
  const auto smaller = pack_one(parents(kHostDataSource, 1), kAlone - 1);
  CHECK(smaller.datagrams.empty());
  CHECK(smaller.too_large == std::vector<TooLarge>{{kHostDataSource, "host_parent"}});
}

TEST_CASE("without samples there is no datagram, and no number is used") {
  SequenceNumbers numbers;
  CHECK(pack({kV4, 1}, std::vector{parents(kHostDataSource, 0)}, 1400, 0ms, numbers).datagrams.empty());
  CHECK(numbers.datagram == 0);
  CHECK(numbers.sample.empty());
}

TEST_CASE("datagrams and the samples of each source are numbered from 1 without a gap") {
  SequenceNumbers numbers;
  std::uint32_t last_datagram = 0;
  std::map<DataSource, std::uint32_t> last_sample;
  for (int turn = 0; turn < 3; ++turn) {
    const std::vector samples{parents(kHostDataSource, 20), parents({0, 3}, 1)};
    const auto datagrams = decoded(pack({kV4, 1}, samples, 200, 0ms, numbers));
    REQUIRE(datagrams.size() > 1);
    for (const auto& datagram : datagrams) {
      CHECK(datagram.sequence_number == ++last_datagram);
      for (const auto& sample : datagram.samples) {
        const auto& counters = std::get<DecodedCounters>(sample);
        CHECK(counters.sequence_number == ++last_sample[counters.source]);
      }
    }
  }
  CHECK(last_sample.at({0, 3}) == 3);
  CHECK(last_sample.at(kHostDataSource) > 3); // spread over several samples a turn
}

TEST_CASE("sequence numbers wrap at 2^32") {
  SequenceNumbers numbers{.datagram = kUnknown32, .sample = {{kHostDataSource, kUnknown32}}};
  const auto datagrams =
      decoded(pack({kV4, 1}, std::vector{parents(kHostDataSource, 1)}, 1400, 0ms, numbers));
  CHECK(datagrams.at(0).sequence_number == 0);
  CHECK(std::get<DecodedCounters>(datagrams[0].samples.at(0)).sequence_number == 0);
}

TEST_CASE("every sample and every datagram takes as much as fits, and not only the first") {
  const auto sample =
      decoded(pack_one(parents(kHostDataSource, 5), kV4Header + kSampleOverhead + 2 * kParentRecord));
  std::vector<std::size_t> records;
  for (const auto& datagram : sample) {
    REQUIRE(datagram.samples.size() == 1);
    records.push_back(std::get<DecodedCounters>(datagram.samples[0]).records.size());
  }
  CHECK(records == std::vector<std::size_t>{2, 2, 1});

  SequenceNumbers numbers;
  const std::vector samples{parents({0, 1}, 1), parents({0, 2}, 1), parents({0, 3}, 1), parents({0, 4}, 1),
                            parents({0, 5}, 1)};
  std::vector<std::size_t> together;
  for (const auto& datagram :
       decoded(pack({kV4, 1}, samples, kV4Header + 2 * (kSampleOverhead + kParentRecord), 0ms, numbers))) {
    together.push_back(datagram.samples.size());
  }
  CHECK(together == std::vector<std::size_t>{2, 2, 1});
}

} // namespace sfa::sflow_datagram_test
