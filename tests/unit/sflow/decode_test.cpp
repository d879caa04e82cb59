#include "sflow/decode.hpp"

#include "random_block.hpp"
#include "wire.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <random>
#include <string>
#include <variant>

namespace sfa::sflow_decode_test {

using namespace sflow;

namespace {

constexpr std::size_t kHeaderSize = 28;              // of datagram_of()
constexpr std::size_t kRecordsAt = kHeaderSize + 24; // of counters_of(), first in the datagram

DecodedDatagram decoded(const Bytes& bytes) {
  const auto datagram = decode_strictly(bytes);
  INFO((datagram ? "" : datagram.error().message));
  REQUIRE(datagram);
  return *datagram;
}

template <class Sample>
Sample only_sample(const Bytes& sample) {
  const auto datagram = decoded(datagram_of({sample}));
  REQUIRE(datagram.samples.size() == 1);
  REQUIRE(std::holds_alternative<Sample>(datagram.samples[0]));
  return std::get<Sample>(datagram.samples[0]);
}

std::string_view name_of(const CounterBlock& block) {
  return std::visit([](const auto& body) { return std::decay_t<decltype(body)>::kName; }, block);
}

// SYN over IPv4 over Ethernet.
const Bytes kFrame{2, 0,  0, 0, 0,  2, 2, 0, 0,   0, 0,    1, 8,   0, 0x45, 0, 0, 40,
                   0, 1,  0, 0, 64, 6, 0, 0, 192, 0, 2,    1, 192, 0, 2,    2, 1, 0xbb,
                   0, 80, 0, 0, 0,  1, 0, 0, 0,   0, 0x50, 2, 0,   0, 0,    0, 0, 0};

Bytes sampled_header(std::uint32_t protocol, const Bytes& header) {
  XdrWriter out;
  out.u32(protocol);
  out.u32(1518);
  out.u32(4);
  out.u32(static_cast<std::uint32_t>(header.size()));
  out.fixed(header);
  return tagged(1, out.take());
}

// A datagram with every kind of sample and every structure.
Bytes everything() {
  std::vector<Bytes> counters;
  for (const auto& block : RandomBlocks(1).one_of_each()) {
    counters.push_back(encode_record(block));
  }
  const std::vector<Bytes> flow{sampled_header(1, kFrame), tagged(1001, to_bytes({1, 2, 3, 4})),
                                tagged((4413U << 12) + 5, {1, 2, 3})};
  return datagram_of({counters_of(counters), tagged(2, with_items({1, 2}, {})),
                      tagged(1, with_items({1, 2, 3, 4, 5, 6, 7}, flow)),
                      tagged(3, with_items({1, 0, 2, 3, 4, 5, 0, 6, 0, 7}, flow)),
                      tagged(5, with_items({1, 0, 2, 3, 4, 5, 6}, flow)), tagged(77, {1, 2, 3, 4, 5})});
}

} // namespace

TEST_CASE("every counter structure is decoded to what was encoded") {
  const auto seed = GENERATE(range(1U, 51U));
  for (const auto& block : RandomBlocks(seed).one_of_each()) {
    INFO("seed " << seed << ", " << name_of(block));
    const auto sample = only_sample<DecodedCounters>(counters_of({encode_record(block)}));
    REQUIRE(sample.records.size() == 1);
    CHECK(sample.records[0] == CounterRecord(block));
  }
}

TEST_CASE("structures have the lengths of the specification") {
  const std::vector<std::pair<CounterBlock, std::size_t>> lengths{
      {IfCounters{}, 88},  {EthernetCounters{}, 52}, {LagPortStats{}, 56}, {OfPort{}, 12},
      {HostParent{}, 8},   {HostCpu{}, 80},          {HostMemory{}, 72},   {HostDiskIo{}, 52},
      {HostNetIo{}, 40},   {Mib2Ip{}, 76},           {Mib2Icmp{}, 100},    {Mib2Tcp{}, 60},
      {Mib2Udp{}, 28},     {VirtNode{}, 28},         {VirtCpu{}, 12},      {VirtMemory{}, 16},
      {VirtDiskIo{}, 52},  {VirtNetIo{}, 40},        {AppResources{}, 40}, {OvsDpStats{}, 24},
      {SfpCounters{}, 20}, {PortName{}, 4},          {HostDescr{}, 32},    {HostAdapters{}, 4}};
  CHECK(lengths.size() == std::variant_size_v<CounterBlock>);
  for (const auto& [block, length] : lengths) {
    INFO(name_of(block));
    CHECK(encode_record(block).size() == 8 + length);
  }
}

TEST_CASE("a module below zero degrees has its temperature in two's complement, and its lanes one by one") {
  SfpCounters sfp;
  sfp.module_temperature = -2;
  sfp.lanes.resize(2);
  const auto record = encode_record(sfp);
  CHECK(record.size() == 8 + 20 + 2 * 40);
  CHECK(Bytes(record.begin() + 8 + 12, record.begin() + 8 + 16) == Bytes{0xff, 0xff, 0xff, 0xfe});
}

TEST_CASE("the records that Open vSwitch adds to a sampled packet are decoded") {
  const Words ipv4{100, 17, 0x0a000001, 0x0a000002, 5000, 4789, 0, 8};
  const auto sample = only_sample<DecodedFlow>(tagged(
      1, with_items({1, 2, 3, 4, 5, 6, 7}, {tagged(1023, to_bytes(ipv4)), tagged(1024, to_bytes(ipv4)),
                                            tagged(1029, to_bytes({7})), tagged(1030, to_bytes({8})),
                                            tagged(1006, to_bytes({1, 0xc0000201, 2, 16, 17, 1, 18}))})));
  TunnelIpv4 tunnel{100, 17, {10, 0, 0, 1}, {10, 0, 0, 2}, 5000, 4789, 0, 8};
  CHECK(sample.records ==
        std::vector<FlowRecord>{ExtendedIpv4TunnelEgress{tunnel}, ExtendedIpv4TunnelIngress{tunnel},
                                ExtendedVniEgress{{7}}, ExtendedVniIngress{{8}},
                                ExtendedMpls{IpAddress::parse("192.0.2.1").value(), {16, 17}, {18}}});
}

TEST_CASE("the port states of a LAG share one word") {
  LagPortStats lag;
  lag.port_state = {1, 2, 3, 4};
  const auto record = encode_record(lag);
  constexpr std::size_t kAt = 8 + 8 + 8 + 4;
  CHECK(Bytes(record.begin() + kAt, record.begin() + kAt + 4) == Bytes{1, 2, 3, 4});
}

TEST_CASE("text that is longer than its structure allows is cut by the encoder") {
  HostDescr descr;
  descr.hostname = std::string(65, 'x');
  const auto sample = only_sample<DecodedCounters>(counters_of({encode_record(descr)}));
  CHECK(std::get<HostDescr>(std::get<CounterBlock>(sample.records.at(0))).hostname == std::string(64, 'x'));
}

TEST_CASE("the header of a datagram is decoded") {
  SECTION("with an IPv4 agent") {
    const auto datagram = decoded(datagram_of({}));
    CHECK(datagram.agent_address.to_string() == "192.0.2.1");
    CHECK(datagram.sub_agent_id == 100'000);
    CHECK(datagram.sequence_number == 7);
    CHECK(datagram.uptime == 1234);
    CHECK(datagram.samples.empty());
  }
  SECTION("with an IPv6 agent") {
    const auto datagram = decoded(to_bytes({5, 2, 0x20010db8, 0, 0, 1, 1, 2, 3, 0}));
    CHECK(datagram.agent_address.to_string() == "2001:db8::1");
    CHECK(datagram.uptime == 3);
  }
}

TEST_CASE("anything but sFlow version 5 is refused") {
  CHECK_THAT(error_of(to_bytes({4, 1, 0, 0, 0, 0, 0})), Catch::Contains("version 4, not 5"));
  CHECK_THAT(error_of(to_bytes({5, 3, 0, 0, 0, 0, 0})), Catch::Contains("agent address of type 3"));
  CHECK(error_of({}) == "byte 0: cut short: needs 4 bytes, has 0");
}

TEST_CASE("a compact counter sample has class and index in one word") {
  const auto sample = only_sample<DecodedCounters>(tagged(2, with_items({9, 0x0300'1234}, {})));
  CHECK(sample.sequence_number == 9);
  CHECK(sample.source == DataSource{3, 0x1234});
}

TEST_CASE("a compact flow sample is decoded") {
  const auto sample =
      only_sample<DecodedFlow>(tagged(1, with_items({9, 0x0000'0005, 400, 800, 2, 3, 0x8000'0004},
                                                    {tagged(1001, to_bytes({10, 1, 20, 2}))})));
  CHECK(sample.sequence_number == 9);
  CHECK(sample.source == DataSource{0, 5});
  CHECK(sample.sampling_rate == 400);
  CHECK(sample.sample_pool == 800);
  CHECK(sample.drops == 2);
  CHECK(sample.input == SwitchPort{0, 3});
  CHECK(sample.output == SwitchPort{2, 4}); // to four ports
  REQUIRE(sample.records.size() == 1);
  CHECK(sample.records[0] == FlowRecord(ExtendedSwitch{10, 1, 20, 2}));
}

TEST_CASE("an expanded flow sample is decoded, and the sampled packet is parsed") {
  const auto sample = only_sample<DecodedFlow>(tagged(
      3, with_items({9, 0, 0x0100'0005, 400, 800, 2, 0, 0x4000'0003, 1, 256}, {sampled_header(1, kFrame)})));
  CHECK(sample.source == DataSource{0, 0x0100'0005});
  CHECK(sample.input == SwitchPort{0, 0x4000'0003});
  CHECK(sample.output == SwitchPort{1, 256}); // discarded
  REQUIRE(sample.records.size() == 1);
  const auto& header = std::get<SampledHeader>(sample.records[0]);
  CHECK(header.frame_length == 1518);
  CHECK(header.stripped == 4);
  CHECK(header.header_length == 54);
  CHECK(header.packet.src_port == 443);
  CHECK(header.packet.dst_ip == IpAddress(IpAddress::V4{192, 0, 2, 2}));
}

TEST_CASE("a sampled packet may be IP without a frame, or of a protocol that is not parsed") {
  const Bytes ip(kFrame.begin() + 14, kFrame.end());
  const auto header_of = [](const Bytes& record) {
    const auto sample = only_sample<DecodedFlow>(tagged(1, with_items({1, 2, 3, 4, 5, 6, 7}, {record})));
    return std::get<SampledHeader>(sample.records.at(0));
  };
  CHECK(header_of(sampled_header(11, ip)).packet.src_port == 443);
  const auto frame_relay = header_of(sampled_header(5, ip));
  CHECK(frame_relay.packet == PacketHeader{});
  CHECK(frame_relay.header_length == 40);
}

TEST_CASE("a sampled packet that is cut short is no error") {
  for (std::size_t size = 0; size <= kFrame.size(); ++size) {
    const Bytes cut(kFrame.begin(), kFrame.begin() + static_cast<std::ptrdiff_t>(size));
    const auto datagram =
        datagram_of({tagged(1, with_items({1, 2, 3, 4, 5, 6, 7}, {sampled_header(1, cut)}))});
    CHECK(error_of(datagram).empty());
  }
}

TEST_CASE("a discarded packet is decoded") {
  const auto sample = only_sample<DecodedDiscard>(
      tagged(5, with_items({9, 0, 5, 1, 3, 4, 256}, {sampled_header(1, kFrame)})));
  CHECK(sample.sequence_number == 9);
  CHECK(sample.source == DataSource{0, 5});
  CHECK(sample.drops == 1);
  CHECK(sample.input_if_index == 3);
  CHECK(sample.output_if_index == 4);
  CHECK(sample.reason == 256);
  REQUIRE(sample.records.size() == 1);
  CHECK(std::get<SampledHeader>(sample.records[0]).packet.tcp_flags == 2);
}

TEST_CASE("unknown formats are kept with their numbers, and the next ones are decoded") {
  const auto datagram = decoded(datagram_of({tagged((4300U << 12) + 1002, Bytes(7)),
                                             counters_of({tagged((4413U << 12) + 3, Bytes(144)),
                                                          tagged(9, {}), encode_record(HostParent{2, 1})})}));
  REQUIRE(datagram.samples.size() == 2);
  CHECK(std::get<Unknown>(datagram.samples[0]) == Unknown{4300, 1002, Bytes(7)});
  const auto& records = std::get<DecodedCounters>(datagram.samples[1]).records;
  REQUIRE(records.size() == 3);
  CHECK(records[0] == CounterRecord(Unknown{4413, 3, Bytes(144)}));
  CHECK(records[1] == CounterRecord(Unknown{0, 9, {}}));
  CHECK(records[2] == CounterRecord(HostParent{2, 1}));
}

TEST_CASE("host_cpu from before 2014 is accepted, and its missing fields are unknown") {
  HostCpu expected;
  expected.contexts = 17;
  expected.cpu_steal = kUnknown32;
  Words words(17); // from load_one to contexts
  words[8] = words[9] = words[10] = words[11] = words[12] = words[13] = words[14] = words[15] = kUnknown32;
  words[16] = 17;
  const auto sample = only_sample<DecodedCounters>(counters_of({tagged(2003, to_bytes(words))}));
  CHECK(sample.records.at(0) == CounterRecord(expected));
}

TEST_CASE("a structure that is shorter or longer than specified is an error that says where") {
  const auto error_with = [](std::uint32_t format, std::size_t length) {
    return error_of(datagram_of({counters_of({}), counters_of({tagged(format, Bytes(length))})}));
  };
  // The second sample's first record: 28 + 24 + 24 bytes, then tag and length.
  CHECK(error_with(2003, 80).empty());
  CHECK(error_with(2003, 76) == "sample 2, record 1 (host_cpu): byte 160: cut short: needs 4 bytes, has 0");
  CHECK(error_with(2003, 84) == "sample 2, record 1 (host_cpu): byte 164: 4 bytes left over: 00000000");
  CHECK(error_with(2003, 64) == "sample 2, record 1 (host_cpu): byte 148: cut short: needs 4 bytes, has 0");
  CHECK(error_with(2003, 72) == "sample 2, record 1 (host_cpu): byte 156: cut short: needs 4 bytes, has 0");
  CHECK(error_with(2002, 9) == "sample 2, record 1 (host_parent): byte 92: 1 bytes left over: 00");
}

TEST_CASE("every structure cut short by any number of bytes is an error, host_cpu's old form apart") {
  for (const auto& block : RandomBlocks(7).one_of_each()) {
    const auto record = encode_record(block);
    const Bytes body(record.begin() + 8, record.end());
    const auto format = std::visit([](const auto& b) { return std::decay_t<decltype(b)>::kFormat; }, block);
    for (std::size_t size = 0; size <= body.size() + 1; ++size) {
      INFO(name_of(block) << " of " << size << " bytes instead of " << body.size());
      Bytes other = body;
      other.resize(size);
      const bool valid = size == body.size() || (format == HostCpu::kFormat && size == 68);
      CHECK(error_of(datagram_of({counters_of({tagged(format, other)})})).empty() == valid);
    }
  }
}

TEST_CASE("every datagram cut short at any byte or with one byte more is an error") {
  const Bytes whole = everything();
  REQUIRE(error_of(whole).empty());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO("cut at " << size << " of " << whole.size());
    // Copied, so that a sanitizer sees a read beyond the cut.
    CHECK_FALSE(error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))).empty());
  }
  Bytes longer = whole;
  longer.push_back(0);
  CHECK_THAT(error_of(longer), Catch::Contains("1 bytes left over"));
}

TEST_CASE("no value of any byte makes the decoder read beyond the end") {
  const Bytes whole = everything();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t value : Bytes{0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Bytes changed = whole;
      changed[at] = value;
      const auto datagram = decode_datagram(changed); // judged by the sanitizers
      CHECK((datagram || !datagram.error().message.empty()));
    }
  }
}

TEST_CASE("a count of more elements than can follow is an error") {
  SECTION("of samples") {
    CHECK(error_of(to_bytes({5, 1, 0, 0, 0, 0, 0xffff'ffff})) ==
          "byte 28: cut short: 4294967295 elements cannot be in 0 bytes");
    CHECK(error_of(to_bytes({5, 1, 0, 0, 0, 0, 2, 77, 0})) ==
          "byte 28: cut short: 2 elements cannot be in 8 bytes");
  }
  SECTION("of records") {
    CHECK(error_of(datagram_of({tagged(4, to_bytes({3, 2, 1, 0x2000'0000}))})) ==
          "sample 1: byte 52: cut short: 536870912 elements cannot be in 0 bytes");
  }
  SECTION("of adapters and of their MAC addresses") {
    CHECK(error_of(datagram_of({counters_of({tagged(2001, to_bytes({0x4000'0000, 1, 0}))})})) ==
          "sample 1, record 1 (host_adapters): byte 64: cut short: 1073741824 elements cannot be in 8 bytes");
    CHECK(error_of(datagram_of({counters_of({tagged(2001, to_bytes({1, 1, 3, 0, 0}))})})) ==
          "sample 1, record 1 (host_adapters): byte 72: cut short: 3 elements cannot be in 8 bytes");
  }
  SECTION("fewer than there are") {
    CHECK_THAT(error_of(datagram_of({tagged(4, to_bytes({3, 2, 1, 0, 9, 0}))})),
               Catch::Equals("sample 1: byte 52: 8 bytes left over after 0 records, read as more of them"));
  }
}

TEST_CASE("a length of more bytes than can follow is an error") {
  Bytes datagram = datagram_of({counters_of({encode_record(HostParent{2, 1})})});
  const auto hostile = GENERATE(0xffff'ffffU, 0x8000'0000U, 0x7fff'ffffU, 200U);
  const auto at = GENERATE(kHeaderSize + 4, kRecordsAt + 4); // of the sample, of the record
  for (std::size_t i = 0; i < 4; ++i) {
    datagram[at + i] = static_cast<std::uint8_t>(hostile >> (24 - 8 * i));
  }
  CHECK_THAT(error_of(datagram), Catch::StartsWith("sample 1") && Catch::Contains(std::to_string(hostile)));
}

TEST_CASE("a string that is longer than its structure allows is an error") {
  XdrWriter out;
  out.string(std::string(65, 'x'));
  out.fixed(Bytes(16));
  out.fixed(to_bytes({3, 2, 0}));
  const Bytes record = tagged(2000, out.bytes());
  CHECK(error_of(datagram_of({counters_of({record})})) ==
        "sample 1, record 1 (host_descr): byte 64: a string of 65 bytes, 64 allowed");
}

TEST_CASE("padding that is not zero is an error") {
  SECTION("after a MAC address") {
    CHECK(error_of(datagram_of({counters_of({tagged(2001, to_bytes({1, 1, 1, 0, 1}))})})) ==
          "sample 1, record 1 (host_adapters): byte 80: padding is not zero");
  }
  SECTION("after a sample of unknown format") {
    Bytes datagram = datagram_of({tagged(77, {1, 2, 3})});
    datagram.back() = 1;
    CHECK(error_of(datagram) == "sample 1: byte 40: padding is not zero");
  }
}

// What follows is about decoding that names damage.

namespace {

DecodedDatagram damaged(const Bytes& bytes) {
  const auto datagram = decode_datagram(bytes);
  REQUIRE(datagram);
  return *datagram;
}

DecodedCounters damaged_counters(const Bytes& sample) {
  const auto datagram = damaged(datagram_of({sample, counters_of({encode_record(HostParent{2, 1})})}));
  REQUIRE(datagram.samples.size() == 2);
  CHECK(std::get<DecodedCounters>(datagram.samples[1]).records ==
        std::vector<CounterRecord>{HostParent{2, 1}});
  return std::get<DecodedCounters>(datagram.samples[0]);
}

const Bytes kParent = encode_record(HostParent{2, 1});

} // namespace

TEST_CASE("padding that is not zero costs nothing, and is named") {
  Bytes record = encode_record(HostAdapters{{{.if_index = 1, .mac_addresses = {{1, 2, 3, 4, 5, 6}}}}});
  const Bytes good = record;
  record.back() = 7;
  const auto sample = damaged_counters(counters_of({record, kParent}));
  CHECK(sample.records == damaged_counters(counters_of({good, kParent})).records);
  CHECK(sample.problems == Problems{"record 1 (host_adapters): byte 80: padding is not zero"});
}

TEST_CASE("spare words behind a structure cost nothing, and are named with their bytes") {
  const auto sample = damaged_counters(counters_of({tagged(2002, to_bytes({2, 1, 0xdeadbeef})), kParent}));
  CHECK(sample.records == std::vector<CounterRecord>{HostParent{2, 1}, HostParent{2, 1}});
  CHECK(sample.problems == Problems{"record 1 (host_parent): byte 68: 4 bytes left over: deadbeef"});
}

TEST_CASE("a structure that is cut short costs itself, and keeps its bytes") {
  const auto sample = damaged_counters(counters_of({kParent, tagged(2002, to_bytes({2})), kParent}));
  CHECK(sample.records ==
        std::vector<CounterRecord>{HostParent{2, 1}, Unknown{0, 2002, to_bytes({2})}, HostParent{2, 1}});
  CHECK(sample.problems == Problems{"record 2 (host_parent): byte 80: cut short: needs 4 bytes, has 0"});
}

TEST_CASE("a text that is longer than allowed is kept whole, and named") {
  XdrWriter out;
  out.string(std::string(65, 'x'));
  out.fixed(Bytes(16));
  out.fixed(to_bytes({3, 2, 0}));
  const auto sample = damaged_counters(counters_of({tagged(2000, out.bytes())}));
  CHECK(std::get<HostDescr>(std::get<CounterBlock>(sample.records.at(0))).hostname == std::string(65, 'x'));
  CHECK(sample.problems == Problems{"record 1 (host_descr): byte 64: a string of 65 bytes, 64 allowed"});
}

TEST_CASE(
    "a record that is longer than its sample costs itself, and not those before it or the next sample") {
  auto record = kParent;
  record[7] = 200; // its length
  const auto sample = damaged_counters(counters_of({kParent, record}));
  REQUIRE(sample.records.size() == 2);
  CHECK(sample.records[0] == CounterRecord(HostParent{2, 1}));
  CHECK(sample.problems.at(0) == "record 2 (host_parent): byte 76: cut short: needs 200 bytes, has 8");
}

TEST_CASE("wrong numbers of records and samples cost nothing, and are named") {
  const auto with_counts = [](std::uint32_t samples, std::uint32_t records) {
    Bytes bytes = datagram_of({counters_of({kParent, kParent}), counters_of({kParent, kParent})});
    bytes[kHeaderSize - 1] = static_cast<std::uint8_t>(samples);
    bytes[kRecordsAt - 1] = static_cast<std::uint8_t>(records);
    return damaged(bytes);
  };
  const auto right = with_counts(2, 2);
  CHECK(right.problems.empty());
  for (const auto wrong : {0U, 1U, 3U, 250U}) {
    const auto of_samples = with_counts(wrong, 2);
    CHECK(of_samples.problems.size() == 1);
    const auto of_records = with_counts(2, wrong);
    for (const auto* datagram : {&of_samples, &of_records}) {
      REQUIRE(datagram->samples.size() == 2);
      CHECK(std::get<DecodedCounters>(datagram->samples[0]).records ==
            std::get<DecodedCounters>(right.samples[0]).records);
      CHECK(std::get<DecodedCounters>(datagram->samples[1]).records ==
            std::get<DecodedCounters>(right.samples[1]).records);
    }
    CHECK(std::get<DecodedCounters>(of_records.samples[0]).problems.size() == 1);
  }
  CHECK(with_counts(1, 2).problems ==
        Problems{"byte 84: 56 bytes left over after 1 samples, read as more of them"});
  CHECK(with_counts(3, 2).problems == Problems{"byte 140: cut short: 2 samples, not 3"});
}

TEST_CASE("a sample whose own fields are cut short costs itself, and keeps its bytes") {
  const auto datagram = damaged(datagram_of({tagged(1, to_bytes({1, 2, 3})), counters_of({kParent})}));
  REQUIRE(datagram.samples.size() == 2);
  CHECK(std::get<Unknown>(datagram.samples[0]) ==
        Unknown{0, 1, to_bytes({1, 2, 3}), {"byte 48: cut short: needs 4 bytes, has 0"}});
  CHECK(std::holds_alternative<DecodedCounters>(datagram.samples[1]));
}

TEST_CASE("a datagram that is cut at any byte behind its header keeps the records before the cut") {
  const Bytes whole = datagram_of({counters_of({kParent}), counters_of({kParent, kParent})});
  for (std::size_t size = kHeaderSize; size < whole.size(); ++size) {
    INFO("cut at " << size << " of " << whole.size());
    const auto datagram = damaged(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    std::size_t records = 0;
    std::size_t problems = datagram.problems.size();
    for (const auto& sample : datagram.samples) {
      if (const auto* counters = std::get_if<DecodedCounters>(&sample)) {
        records +=
            static_cast<std::size_t>(std::ranges::count(counters->records, CounterRecord(HostParent{2, 1})));
        problems += counters->problems.size();
      } else {
        problems += std::get<Unknown>(sample).problems.size();
      }
    }
    CHECK(records ==
          std::size_t{size >= kRecordsAt + 16} + std::size_t{size >= 2 * kRecordsAt - kHeaderSize + 32});
    CHECK(problems > 0);
  }
}

TEST_CASE("bytes that change anywhere behind the header cost no sample that ends before them") {
  const Bytes whole = everything();
  std::mt19937 random(GENERATE(range(1U, 9U)));
  const auto right = decoded(whole);
  for (std::size_t at = kHeaderSize; at < whole.size(); ++at) {
    Bytes changed = whole;
    changed[at] = static_cast<std::uint8_t>(changed[at] + 1 + random() % 255);
    const auto datagram = damaged(changed);
    std::size_t end = kHeaderSize;
    for (std::size_t i = 0; i < right.samples.size(); ++i) {
      end += 8 + (whole[end + 6] * 256U + whole[end + 7] + 3) / 4 * 4;
      if (end > at) {
        break;
      }
      REQUIRE(datagram.samples.size() > i);
      if (const auto* counters = std::get_if<DecodedCounters>(&right.samples[i])) {
        CHECK(std::get<DecodedCounters>(datagram.samples[i]).records == counters->records);
      }
    }
  }
}

} // namespace sfa::sflow_decode_test
