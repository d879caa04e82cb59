#include "daemon/agent.hpp"

#include "sflow/decode.hpp"

#include <arpa/inet.h>
#include <array>
#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/socket.h>

namespace sfa::daemon_agent_test {

using namespace daemon;
using namespace polling;
using namespace sflow;
using namespace status;
using namespace std::chrono_literals;

namespace {

// Has the data sources that a test gives it.
class Fake final : public SampleSource {
public:
  explicit Fake(std::vector<DataSource> sources) : present(std::move(sources)) {}

  [[nodiscard]] std::string_view name() const override { return "fakes"; }
  [[nodiscard]] std::vector<DataSource> data_sources() const override { return present; }
  [[nodiscard]] std::vector<CounterSample> sample(std::span<const DataSource> due) override {
    std::vector<CounterSample> samples;
    for (const auto& source : due) {
      samples.push_back({source, {PortName{.name = std::to_string(source.index)}}});
    }
    return samples;
  }
  [[nodiscard]] std::vector<SourceStatus> status(MonotonicTime) const override { return {}; }

  std::vector<DataSource> present;
};

class CollectorSink {
public:
  CollectorSink() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  // The datagrams that have arrived.
  std::vector<DecodedDatagram> received() {
    std::vector<DecodedDatagram> datagrams;
    std::array<std::uint8_t, 2000> buffer{};
    ssize_t size = 0;
    while ((size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
      datagrams.push_back(decode_strictly(std::span(buffer).first(static_cast<std::size_t>(size))).value());
    }
    return datagrams;
  }

  [[nodiscard]] Collector collector() const { return {IpAddress::parse("127.0.0.1").value(), port}; }

  std::uint16_t port = 0;

private:
  UniqueFd fd_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

Settings settings(const CollectorSink& collector, std::chrono::seconds polling = 300s) {
  Settings result;
  result.agent_ip = collector.collector().address;
  result.polling = polling;
  result.collectors = {collector.collector()};
  return result;
}

// An agent whose exporter sends to `collector`.
struct Bed {
  EventLoop loop;
  CollectorSink collector;
  collectors::Exporter exporter;
  Agent agent{loop, std::mt19937(1), exporter};

  Bed() {
    exporter.set_targets(
        {{.collector = collector.collector(), .addresses = {collector.collector().address}}});
  }
};

// "CLASS:INDEX SEQUENCE_NUMBER" of each sample.
std::vector<std::string> samples_of(const std::vector<DecodedDatagram>& datagrams) {
  std::vector<std::string> samples;
  for (const auto& datagram : datagrams) {
    for (const auto& sample : datagram.samples) {
      const auto& counters = std::get<DecodedCounters>(sample);
      samples.push_back(
          fmt::format("{}:{} {}", counters.source.ds_class, counters.source.index, counters.sequence_number));
    }
  }
  return samples;
}

// Runs the loop until something has arrived at the collector.
std::vector<DecodedDatagram> next_datagrams(EventLoop& loop, CollectorSink& collector) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  std::vector<DecodedDatagram> datagrams;
  while (datagrams.empty() && std::chrono::steady_clock::now() < deadline) {
    pollfd ready{.fd = loop.fd(), .events = POLLIN, .revents = 0};
    poll(&ready, 1, 1000);
    loop.run_pending();
    datagrams = collector.received();
  }
  return datagrams;
}

using Samples = std::vector<std::string>;

} // namespace

TEST_CASE("samples that arrive later are sent immediately, with the sequence numbers of each data source") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  agent.apply(settings(collector), 100000);
  const auto sample = [](std::uint32_t index) { return CounterSample{{3, index}, {PortName{.name = "x"}}}; };
  agent.deliver({sample(100000), sample(100001)});
  agent.deliver({sample(100001)});
  const auto datagrams = collector.received();
  REQUIRE(datagrams.size() == 2);
  CHECK(datagrams[1].sequence_number == 2);
  CHECK(samples_of(datagrams) == Samples{"3:100000 1", "3:100001 1", "3:100001 2"});
}

TEST_CASE("samples are dropped while nothing is exported") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  agent.deliver({{kHostDataSource, {PortName{.name = "x"}}}});
  agent.apply(settings(collector, 0s), 100000);
  agent.deliver({{kHostDataSource, {PortName{.name = "x"}}}});
  CHECK(collector.received().empty());
}

TEST_CASE("all data sources of all sample sources are polled, and samples due together share a datagram") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  Fake host({kHostDataSource});
  Fake interfaces({{0, 2}, {0, 3}});
  agent.add(host);
  agent.add(interfaces);
  agent.apply(settings(collector, 1s), 100000);
  (void)next_datagrams(loop, collector); // the first poll of the host may be alone
  const auto datagrams = next_datagrams(loop, collector);
  REQUIRE(datagrams.size() == 1);
  CHECK(datagrams.at(0).samples.size() == 3);
}

TEST_CASE("a new data source is polled, and one that is gone is not") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  Fake interfaces({{0, 2}});
  agent.add(interfaces);
  agent.apply(settings(collector, 1s), 100000);
  CHECK(agent.data_sources() == std::vector<DataSourceCount>{{"fakes", 1}});
  interfaces.present = {{0, 3}, {0, 4}};
  agent.data_sources_changed();
  CHECK(agent.data_sources() == std::vector<DataSourceCount>{{"fakes", 2}});
  const auto datagrams = next_datagrams(loop, collector);
  CHECK(datagrams.size() == 1);
  CHECK(samples_of(datagrams) == Samples{"0:3 1", "0:4 1"});
}

TEST_CASE("a data source that returns continues its sequence numbers") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  Fake interfaces({{0, 2}});
  agent.add(interfaces);
  agent.apply(settings(collector), 100000);
  const CounterSample sample{{0, 2}, {PortName{.name = "x"}}};
  agent.deliver({sample});
  interfaces.present = {{0, 3}};
  agent.data_sources_changed();
  interfaces.present = {{0, 2}};
  agent.data_sources_changed();
  agent.deliver({sample});
  CHECK(samples_of(collector.received()) == Samples{"0:2 1", "0:2 2"});
}

TEST_CASE("data sources that never return do not fill the memory, and those present continue") {
  Bed bed;
  auto& agent = bed.agent;
  auto& collector = bed.collector;
  Fake interfaces({{0, 1}});
  agent.add(interfaces);
  agent.apply(settings(collector), 100000);
  const auto sample = [](std::uint32_t index) { return CounterSample{{0, index}, {PortName{.name = "x"}}}; };
  const auto count = [&](std::uint32_t last) {
    for (std::uint32_t index = 1; index <= last; ++index) {
      agent.deliver({sample(index)});
      (void)collector.received();
    }
    agent.data_sources_changed();
    agent.deliver({sample(1), sample(2)});
    return samples_of(collector.received());
  };
  CHECK(count(257) == Samples{"0:1 2", "0:2 2"}); // 256 that are gone are remembered
  CHECK(count(258) == Samples{"0:1 4", "0:2 1"});
}

TEST_CASE("a new agent address causes a poll of the host soon, and other settings do not") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  Fake host({kHostDataSource});
  agent.add(host);
  auto changed = settings(collector);
  agent.apply(changed, 100000);
  CHECK(samples_of(next_datagrams(loop, collector)) == Samples{"2:1 1"}); // the first poll of the host
  const auto regular = agent.next_poll();
  changed.sampling = 7;
  agent.apply(changed, 100000);
  CHECK(agent.next_poll() == regular);
  changed.agent_ip = IpAddress::parse("192.0.2.7").value();
  agent.apply(changed, 100000);
  const auto datagrams = next_datagrams(loop, collector);
  REQUIRE(datagrams.size() == 1);
  CHECK(datagrams[0].agent_address == changed.agent_ip);
  CHECK(samples_of(datagrams) == Samples{"2:1 2"});
}

TEST_CASE("without a collector nothing is polled") {
  Bed bed;
  auto& [loop, collector, exporter, agent] = bed;
  Fake host({kHostDataSource});
  agent.add(host);
  auto without = settings(collector);
  without.collectors.clear();
  agent.apply(without, 100000);
  CHECK_FALSE(agent.next_poll());
  agent.apply(settings(collector), 100000);
  CHECK(agent.next_poll());
}

TEST_CASE("a block that is too large is reported until its data source has no such block any more") {
  Bed bed;
  auto& agent = bed.agent;
  auto small = settings(bed.collector);
  small.datagram_bytes = 200;
  agent.apply(small, 100000);
  const auto reported = [&](std::uint32_t index, std::size_t adapters) {
    agent.deliver({{{3, index}, {HostAdapters{std::vector<HostAdapter>(adapters)}}}});
    return agent.packing().failure_text();
  };
  const std::string omitted = "host_adapters omitted: too large for datagramBytes=200";
  CHECK(reported(1, 0).empty());
  CHECK(reported(1, 32) == omitted);
  CHECK(reported(2, 0) == omitted);
  CHECK(reported(1, 0).empty());
}

} // namespace sfa::daemon_agent_test
