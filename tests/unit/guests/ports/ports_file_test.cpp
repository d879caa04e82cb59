#include "guests/ports/ports_file.hpp"

#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace sfa::guests_ports_file_test {

using namespace guests;
using namespace test;

namespace {

constexpr Uuid kHost{1, 2, 3};

std::string file(std::string_view ports) {
  return fmt::format(R"({{"version": 1, "bridges": [{{"name": "br0", "ports": [{}]}}]}})", ports);
}

std::string port(std::string_view name, std::string_view guest, std::string_view if_index = "4") {
  return fmt::format(R"({{"name": "{}", "port": "{}", "ofport": 1, "ifindex": {}, "type": "", "mac": null,
                         "tag": null, "guest": {}}})",
                     name, name, if_index, guest);
}

std::string guest(std::string_view uuid, std::string_view key, std::string_view name = "null",
                  std::string_view mac = "null") {
  return fmt::format(R"({{"kind": "vm", "writer": "ovs", "uuid": {}, "key": "{}", "name": {}, "mac": {}}})",
                     uuid, key, name, mac);
}

PortsFile parse(const std::string& text) {
  return value_of(parse_ports_file(text, kHost));
}

constexpr const char* kUuid = R"("6b8b4567-327b-43c6-9869-873766334873")";

} // namespace

TEST_CASE("a guest has its UUID, its name, and all its ports with their ifIndex and its MACs") {
  const auto result = parse(file(port("tap0", guest(kUuid, "k", R"("web")", R"("52:54:00:00:00:01")")) + "," +
                                 port("tap1", guest(kUuid, "k", R"("web")", R"("52:54:00:00:00:02")"), "9")));
  REQUIRE(result.guests.size() == 1);
  const auto& [uuid, found] = *result.guests.begin();
  CHECK(format_uuid(uuid) == "6b8b4567-327b-43c6-9869-873766334873");
  CHECK(found.name == "web");
  REQUIRE(found.ports.size() == 2);
  CHECK(found.ports[0].device.name == "tap0");
  CHECK(found.ports[0].device.index == 4);
  CHECK(found.ports[0].mac == sflow::MacAddress{0x52, 0x54, 0, 0, 0, 1});
  CHECK(found.ports[1].device.index == 9);
  CHECK(result.bad_ports == 0);
}

TEST_CASE("a guest without a UUID always gets the same one on this host, and its key as name") {
  const auto result = parse(file(port("tap0", guest("null", "web-1"))));
  REQUIRE(result.guests.size() == 1);
  CHECK(result.guests.begin()->first == derive_uuid(kHost, "ovs web-1"));
  CHECK(result.guests.begin()->second.name == "web-1");
  CHECK(
      value_of(parse_ports_file(file(port("tap0", guest("null", "web-1"))), Uuid{9})).guests.begin()->first !=
      result.guests.begin()->first);
}

TEST_CASE("a port without an ifIndex or a MAC belongs to its guest nevertheless") {
  const auto result = parse(file(port("vhu0", guest(kUuid, "k", "null", R"("not a MAC")"), "null")));
  REQUIRE(result.guests.size() == 1);
  CHECK(result.guests.begin()->second.ports.at(0).device.index == 0);
  CHECK_FALSE(result.guests.begin()->second.ports.at(0).mac);
}

TEST_CASE("ports without a guest, and those of Proxmox VE, are left to others") {
  const auto result = parse(file(port("eth0", "null") + "," +
                                 port("tap100i0", R"({"kind": "vm", "writer": "proxmox", "key": "100"})")));
  CHECK(result.guests.empty());
  CHECK(result.bad_ports == 0);
}

TEST_CASE("a bad port costs only itself, and the first one is named") {
  const std::string good = port("tap0", guest(kUuid, "k"));
  for (const auto& bad : {
           port("bad", guest(R"("not a UUID")", "k")),
           port("bad", guest(R"("00000000-0000-0000-0000-000000000000")", "k")),
           port("bad", guest("7", "k")),
           port("bad", guest("null", "")),
           port("bad", guest("null", std::string(256, 'k'))),
           port("bad", guest("null", "k"), "-4"),
           port("bad", guest("null", "k"), "4294967296"),
           port("bad", guest("null", "k"), R"("4")"),
       }) {
    INFO(bad);
    const auto result = parse(file(bad + "," + good + "," + bad));
    CHECK(result.guests.size() == 1);
    CHECK(result.bad_ports == 2);
    CHECK(result.first_bad.starts_with("port bad: "));
  }
}

TEST_CASE("members that a later version adds are skipped, whatever they hold") {
  const std::string more =
      R"("later": {"guest": {"key": "x"}, "ports": [{"name": "y"}], "list": [[1, 2.5, true]]})";
  const auto result = parse(fmt::format(
      R"({{{0}, "version": 1, "bridges": [{{{0}, "ports": [{{{0}, "name": "tap0", "guest": {{{0}, "writer": "ovs", "key": "k"}}}}]}}]}})",
      more));
  REQUIRE(result.guests.size() == 1);
  CHECK(result.guests.begin()->second.name == "k");
  CHECK(result.guests.begin()->second.ports.size() == 1);
}

TEST_CASE("a file of another version, or of another form, is an error") {
  for (const auto* text : {R"({"version": 2, "bridges": []})", R"({"bridges": []})", R"({"version": 1})",
                           "[]", "7", R"("text")", "", "null", R"({"version": "1", "bridges": []})"}) {
    INFO(text);
    const auto result = parse_ports_file(text, kHost);
    REQUIRE_FALSE(result);
    CHECK_FALSE(result.error().message.empty());
  }
  CHECK_FALSE(parse_ports_file(std::string(1000, '['), kHost));
  CHECK_FALSE(parse_ports_file(R"({"a": )" + std::string(1000, '['), kHost));
}

TEST_CASE("a ports file that is cut short at any byte is an error") {
  const std::string whole = file(port("tap0", guest(kUuid, "k", R"("web")", R"("52:54:00:00:00:01")")));
  REQUIRE(parse_ports_file(whole, kHost));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut(whole.data(), size);
    CHECK_FALSE(parse_ports_file(cut, kHost));
  }
}

} // namespace sfa::guests_ports_file_test
