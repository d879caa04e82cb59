#include "sflow/json.hpp"

#include "common/json.hpp"

#include "random_block.hpp"
#include "wire.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace sfa::sflow_json_test {

using namespace sflow;
using Json = nlohmann::ordered_json;

namespace {

DecodedDatagram datagram_with(DecodedSample sample) {
  return {.agent_address = *IpAddress::parse("2001:db8::1"),
          .sub_agent_id = 100'000,
          .sequence_number = 1,
          .uptime = 5000,
          .samples = {std::move(sample)}};
}

DecodedDatagram datagram_with(const CounterBlock& block) {
  return datagram_with(
      DecodedCounters{.sequence_number = 3, .source = kHostDataSource, .records = {CounterRecord(block)}});
}

Json json_of(const DecodedDatagram& datagram) {
  return parse_json(json_line(datagram));
}

Json record_of(const CounterBlock& block) {
  return json_of(datagram_with(block)).at("samples").at(0).at("records").at(0);
}

} // namespace

TEST_CASE("a datagram is one line of JSON, its members in the order of the specification") {
  CHECK(
      json_line(datagram_with(HostParent{2, 1})) ==
      R"({"agent_address":"2001:db8::1","sub_agent_id":100000,"sequence_number":1,"uptime":5000,"samples":[)"
      R"({"type":"counters","source_class":2,"source_index":1,"sequence_number":3,"records":[)"
      R"({"type":"host_parent","container_type":2,"container_index":1}]}]})");
}

TEST_CASE("UUIDs and MAC addresses are text") {
  HostDescr descr;
  descr.uuid = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(record_of(descr).at("uuid") == "01234567-89ab-cdef-0001-020304050607");
  const HostAdapters adapters{{{.if_index = 2, .mac_addresses = {{0x52, 0x54, 0, 0xab, 0xcd, 0xef}}}}};
  CHECK(record_of(adapters).dump() ==
        R"({"type":"host_adapters","adapters":[{"if_index":2,"mac_addresses":["52:54:00:ab:cd:ef"]}]})");
}

TEST_CASE("loads have the shortest exact form, and NaN is null") {
  HostCpu cpu;
  cpu.load_one = 0.1F;
  cpu.load_five = 12.0F;
  cpu.load_fifteen = std::numeric_limits<float>::quiet_NaN();
  const auto line = json_line(datagram_with(cpu));
  CHECK_THAT(line, Catch::Contains(R"("load_one":0.1,"load_five":12.0,"load_fifteen":null,)"));
}

TEST_CASE("bytes from the wire that are not UTF-8 are replaced") {
  HostDescr descr;
  descr.hostname = "a\xff\xc3(\"\n";
  descr.hostname += '\0';
  const auto line = json_line(datagram_with(descr));
  CHECK(line.find('\n') == std::string::npos);
  const auto hostname = Json::parse(line)["samples"][0]["records"][0]["hostname"].get<std::string>();
  CHECK(hostname == std::string("a\xef\xbf\xbd\xef\xbf\xbd(\"\n\0", 11));
}

TEST_CASE("the octets of a LAG's port state have names") {
  LagPortStats lag;
  lag.port_state = {1, 2, 3, 4};
  CHECK(record_of(lag).at("port_state").dump() ==
        R"({"actor_admin":1,"actor_oper":2,"partner_admin":3,"partner_oper":4})");
}

TEST_CASE("every structure is an object with its own name, and none lacks a field") {
  std::set<std::string> names;
  for (const auto& block : RandomBlocks(3).one_of_each()) {
    const auto record = record_of(block);
    names.insert(record.at("type").get<std::string>());
    std::size_t fields = 0;
    std::visit(
        [&](const auto& body) {
          std::decay_t<decltype(body)>::fields(body, [&](const char* name, auto&&...) {
            ++fields;
            CHECK(record.contains(name));
          });
        },
        block);
    CHECK(record.size() == fields + 1);
  }
  CHECK(names.size() == std::variant_size_v<CounterBlock>);
}

TEST_CASE("a flow sample shows the known fields of the packet and leaves out the others") {
  PacketHeader packet;
  packet.src_mac = MacAddress{2, 0, 0, 0, 0, 1};
  packet.vlan = 100;
  packet.src_ip = *IpAddress::parse("192.0.2.1");
  packet.tcp_flags = 2;
  const auto json = json_of(
      datagram_with(DecodedFlow{.sequence_number = 9,
                                .source = {0, 5},
                                .sampling_rate = 400,
                                .sample_pool = 800,
                                .drops = 1,
                                .input = {0, 3},
                                .output = {2, 4},
                                .records = {SampledHeader{1, 64, 4, 60, packet}, ExtendedSwitch{1, 2, 3, 4},
                                            Unknown{1, 2, {0xab, 0, 1}}}}));
  CHECK(json["samples"][0].dump() ==
        R"({"type":"flow","source_class":0,"source_index":5,"sequence_number":9,"sampling_rate":400,)"
        R"("sample_pool":800,"drops":1,"input_format":0,"input":3,"output_format":2,"output":4,"records":[)"
        R"({"type":"sampled_header","protocol":1,"frame_length":64,"stripped":4,"header_length":60,)"
        R"("src_mac":"02:00:00:00:00:01","vlan":100,"src_ip":"192.0.2.1","tcp_flags":2},)"
        R"({"type":"extended_switch","src_vlan":1,"src_priority":2,"dst_vlan":3,"dst_priority":4},)"
        R"({"type":"unknown","enterprise":1,"format":2,"length":3,"bytes":"ab0001"}]})");
}

TEST_CASE("a discarded packet and a sample of unknown format are shown") {
  const auto discard = json_of(datagram_with(DecodedDiscard{.sequence_number = 9,
                                                            .source = {0, 5},
                                                            .drops = 1,
                                                            .input_if_index = 3,
                                                            .output_if_index = 4,
                                                            .reason = 256,
                                                            .records = {}}));
  CHECK(discard["samples"][0].dump() ==
        R"({"type":"discarded","source_class":0,"source_index":5,"sequence_number":9,"drops":1,"input":3,)"
        R"("output":4,"reason":256,"records":[]})");
  CHECK(
      json_of(datagram_with(DecodedSample(Unknown{4300, 1002, {1, 2}, {"byte 1: x"}})))["samples"][0]
          .dump() ==
      R"({"type":"unknown","enterprise":4300,"format":1002,"length":2,"bytes":"0102","problems":["byte 1: x"]})");
}

} // namespace sfa::sflow_json_test
