#include "sflowovsd/ports.hpp"

#include "sflowovsd/port_tables.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

namespace sfa::sflowovsd_ports_test {

using namespace sflowovsd;

namespace {

constexpr auto kJson = PortsText::Format::json;

RowId row(std::uint32_t number) {
  return RowId{{0, 0, 0, number}};
}

std::string text_of(const PortTables& tables, PortsText::Format format = kJson) {
  PortsText text(format);
  tables.visit_bridges([&](OvsBridge bridge) { return text.add(std::move(bridge)); });
  return text.finish().value();
}

std::string text_of(OvsBridge bridge) {
  PortsText text(kJson);
  text.add(std::move(bridge));
  return text.finish().value();
}

// br0 has a bond of two, br1 a guest.
PortTables example() {
  PortTables tables;
  tables.bridges = {{row(1), {"br1", {row(13)}}}, {row(2), {"br0", {row(11), row(12)}}}};
  tables.ports = {{row(11), {"br0", std::nullopt, {row(21)}}},
                  {row(12), {"bond0", 5, {row(23), row(22)}}},
                  {row(13), {"vnet0", std::nullopt, {row(24)}}}};
  tables.interfaces = {
      {row(21),
       {.name = "br0", .ofport = 65534, .ifindex = 3, .type = "internal", .mac = "02:00:00:00:00:01"}},
      {row(22), {.name = "eth0", .ofport = 1, .ifindex = 2}},
      {row(23), {.name = "eth1"}},
      {row(24),
       {.name = "vnet0",
        .ofport = 7,
        .ifindex = 12,
        .guest = Guest{.kind = GuestKind::vm,
                       .writer = "libvirt",
                       .uuid = "74c745b6-f7ce-42cc-becb-d9d8a056cb9d",
                       .key = "74c745b6-f7ce-42cc-becb-d9d8a056cb9d",
                       .mac = "52:54:00:12:34:56"}}}};
  return tables;
}

} // namespace

TEST_CASE("the ports file lists each interface of each bridge by name") {
  CHECK(
      text_of(example()) ==
      R"({"version":1,"bridges":[{"name":"br0","ports":[)"
      R"({"name":"eth0","port":"bond0","ofport":1,"ifindex":2,"type":"","mac":null,"tag":5,"guest":null},)"
      R"({"name":"eth1","port":"bond0","ofport":null,"ifindex":null,"type":"","mac":null,"tag":5,"guest":null},)"
      R"({"name":"br0","port":"br0","ofport":65534,"ifindex":3,"type":"internal","mac":"02:00:00:00:00:01",)"
      R"("tag":null,"guest":null}]},)"
      R"({"name":"br1","ports":[)"
      R"({"name":"vnet0","port":"vnet0","ofport":7,"ifindex":12,"type":"","mac":null,"tag":null,"guest":)"
      R"({"kind":"vm","writer":"libvirt","uuid":"74c745b6-f7ce-42cc-becb-d9d8a056cb9d",)"
      R"("key":"74c745b6-f7ce-42cc-becb-d9d8a056cb9d","name":null,"mac":"52:54:00:12:34:56"}}]}]})"
      "\n");
}

TEST_CASE("a switch without bridges has a file too") {
  CHECK(text_of(PortTables()) == "{\"version\":1,\"bridges\":[]}\n");
}

TEST_CASE("a table of ports shows who is behind them") {
  CHECK(text_of(example(), PortsText::Format::table) ==
        "BRIDGE           PORT             OFPORT  IFINDEX   TAG  KIND       GUEST\n"
        "br0              eth0                  1        2     5  -          -\n"
        "br0              eth1                  -        -     5  -          -\n"
        "br0              br0               65534        3     -  -          -\n"
        "br1              vnet0                 7       12     -  vm         "
        "74c745b6-f7ce-42cc-becb-d9d8a056cb9d\n");
}

TEST_CASE("bridges, ports and guests are counted") {
  PortsText text(kJson);
  example().visit_bridges([&](OvsBridge bridge) { return text.add(std::move(bridge)); });
  CHECK(text.counts() == PortCounts{.bridges = 2, .ports = 4, .guests = 1});
}

TEST_CASE("a reference to a row that does not exist yet is skipped") {
  PortTables tables = example();
  tables.interfaces.erase(row(22));
  tables.ports.erase(row(13));
  const auto json = nlohmann::json::parse(text_of(tables));
  CHECK(json["bridges"][0]["ports"].size() == 2);
  CHECK(json["bridges"][1]["ports"].empty());
}

TEST_CASE("numbers that are none of a port are absent") {
  CHECK(valid_ofport(1) == 1U);
  CHECK(valid_ofport(65534) == 65534U);
  CHECK(!valid_ofport(0));
  CHECK(!valid_ofport(-1)); // the port could not be created
  CHECK(!valid_ofport(65536));
  CHECK(valid_ifindex(4294967295) == 4294967295U);
  CHECK(!valid_ifindex(0)); // no device of the system
  CHECK(!valid_ifindex(4294967296));
  CHECK(valid_tag(0) == 0U);
  CHECK(valid_tag(4095) == 4095U);
  CHECK(!valid_tag(4096));
  CHECK(!valid_tag(-1));
}

TEST_CASE("a database is local if each of its servers listens on a Unix socket") {
  CHECK(is_local_database("unix:/run/openvswitch/db.sock"));
  CHECK(is_local_database("unix:/a,unix:/b"));
  CHECK(!is_local_database("tcp:127.0.0.1:6640")); // perhaps a tunnel
  CHECK(!is_local_database("ssl:192.0.2.1:6640"));
  CHECK(!is_local_database("unix:/a,tcp:192.0.2.1:6640"));
}

TEST_CASE("a name that is too long costs its own port or bridge only") {
  const std::string longer(kLongestName + 1, 'x');
  OvsBridge bridge{.name = "br0", .ports = {{.name = "a", .port = longer}, {.name = "b", .port = "b"}}};
  const auto json = nlohmann::json::parse(text_of(bridge));
  REQUIRE(json["bridges"][0]["ports"].size() == 1);
  CHECK(json["bridges"][0]["ports"][0]["name"] == "b");
  bridge.name = longer;
  CHECK(nlohmann::json::parse(text_of(bridge))["bridges"].empty());
}

TEST_CASE("a text that becomes too long is an error, and stops early") {
  PortsText text(kJson);
  OvsBridge bridge{.name = "br0", .ports = {}};
  bridge.ports.assign(1000, {.name = std::string(kLongestName, '\x01'), .port = "p"});
  std::size_t bridges = 1;
  while (text.add(bridge)) {
    ++bridges;
  }
  CHECK(bridges < 20);
  CHECK(text.finish().error().message == "more than 16 MiB; no longer updated");
}

TEST_CASE("whatever bytes the database holds, the text is JSON in UTF-8 on one line") {
  std::mt19937 random(1); // the same sequence in every run
  const auto text = [&random] {
    std::string result(random() % 40, '\0');
    for (char& c : result) {
      c = static_cast<char>(random() % 4 == 0 ? random() : random() % 0x60 + 0x20);
    }
    return result;
  };
  for (int i = 0; i < 10'000; ++i) {
    const std::string first = text();
    const std::string second = text();
    OvsPort port{.name = text(), .port = text(), .type = text()};
    const auto* key = kGuestKeys.at(random() % kGuestKeys.size());
    const auto* other = kGuestKeys.at(random() % kGuestKeys.size());
    port.guest = guest_of({{key, first}, {other, second}}, port.name);
    const std::string result = text_of({.name = text(), .ports = {port}});
    REQUIRE(result.find('\n') == result.size() - 1);
    const auto json = nlohmann::json::parse(result); // throws if it is none
    REQUIRE(json["bridges"][0]["ports"].size() == 1);
    REQUIRE(json["bridges"][0]["ports"][0]["guest"].is_null() == !port.guest.has_value());
  }
}

} // namespace sfa::sflowovsd_ports_test
