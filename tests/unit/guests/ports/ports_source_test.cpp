#include "guests/ports/ports_source.hpp"

#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace sfa::guests_ports_source_test {

using namespace guests;
using namespace test;

namespace {

// Each device has received 100 bytes and sent 2000.
struct Bed {
  TemporaryHost host;
  std::unique_ptr<VmSource> source = make_ports_source({.root = host.root(), .ports_file = "run/ports.json"});

  void have_devices(const std::map<std::string, int>& devices) const {
    std::string text = " face |bytes packets errs drop multicast|bytes packets errs drop\n";
    text = "Inter-|   Receive | Transmit\n" + text;
    std::filesystem::remove_all(host.path() / "sys");
    for (const auto& [name, index] : devices) {
      text += fmt::format("{}: 100 1 0 0 0 2000 20 0 0\n", name);
      host.write("sys/class/net/" + name + "/ifindex", std::to_string(index));
    }
    host.write("proc/net/dev", text);
  }
  void publish(const std::string& ports) const {
    host.write("run/ports.json",
               fmt::format(R"({{"version": 1, "bridges": [{{"name": "br0", "ports": [{}]}}]}})", ports));
  }
  [[nodiscard]] std::vector<VmReading> read() const {
    return value_of(source->read(value_of(source->list()).vms));
  }
};

std::string port(std::string_view name, int index, std::string_view key, std::string_view type = "") {
  return fmt::format(R"({{"name": "{}", "ifindex": {}, "type": "{}", "guest": {}}})", name, index, type,
                     key.empty() ? "null" : fmt::format(R"({{"writer": "ovs", "key": "{}"}})", key));
}

} // namespace

TEST_CASE("a port counts in the guest's view, and an internal port is the guest's own end") {
  const Bed bed;
  bed.have_devices({{"tap0", 4}, {"int0", 5}});
  bed.publish(port("tap0", 4, "vm1") + "," + port("int0", 5, "ns1", "internal"));
  for (const auto& reading : bed.read()) {
    REQUIRE(reading.nics.size() == 1);
    REQUIRE(reading.nics[0].counters);
    CHECK(reading.nics[0].counters->rx_bytes == (reading.name == "vm1" ? 2000 : 100));
    CHECK(reading.nics[0].counters->tx_bytes == (reading.name == "vm1" ? 100 : 2000));
  }
}

TEST_CASE("ports that share an ifIndex, as tunnels do, count for no guest") {
  const Bed bed;
  bed.have_devices({{"vxlan_sys_4789", 4}});
  bed.publish(port("vxlan_sys_4789", 4, "vm1") + "," + port("vx1", 4, ""));
  const auto readings = bed.read();
  REQUIRE(readings.size() == 1);
  CHECK_FALSE(readings[0].nics.at(0).counters);
}

TEST_CASE("a device counts only if it has the name of the port, too") {
  const Bed bed;
  bed.have_devices({{"eth0", 4}});
  bed.publish(port("tap0", 4, "vm1") + "," + port("int0", 4, "ns1", "internal"));
  for (const auto& reading : bed.read()) {
    CHECK_FALSE(reading.nics.at(0).counters);
  }
}

TEST_CASE("a guest whose devices have disappeared is not read, though the file still has it") {
  const Bed bed;
  bed.have_devices({{"tap0", 4}});
  bed.publish(port("tap0", 4, "vm1") +
              R"(, {"name": "vhu0", "ifindex": null, "guest": {"writer": "ovs", "key": "vm2"}})");
  CHECK(bed.read().size() == 2);
  bed.have_devices({});
  const auto readings = bed.read();
  REQUIRE(readings.size() == 1);
  CHECK(readings[0].name == "vm2");
}

TEST_CASE("a device that appears after its port counts from the next change of the file on") {
  const Bed bed;
  bed.publish(port("tap0", 4, "vm1"));
  CHECK(bed.read().empty());
  bed.have_devices({{"tap0", 4}});
  REQUIRE(bed.read().size() == 1);
  CHECK(bed.read()[0].nics[0].counters);
}

TEST_CASE("10,000 random guests leave the one between them as it is, and more than 20,000 are not taken") {
  const Bed bed;
  bed.have_devices({{"tap0", 4}});
  std::string ports = port("tap0", 4, "vm1");
  for (int i = 0; i < 10000; ++i) {
    ports += "," + port(fmt::format("x{}", i), 100 + i, fmt::format("\\u001b[{}m\\u202e", i * 7919));
  }
  bed.publish(ports);
  auto listed = value_of(bed.source->list());
  CHECK(listed.vms.size() == 10001);
  CHECK(listed.problem.empty());
  const auto readings = value_of(bed.source->read(listed.vms));
  REQUIRE(readings.size() == 1); // the others have no devices
  CHECK(readings[0].name == "vm1");
  for (int i = 0; i < 10001; ++i) {
    ports += "," + port(fmt::format("y{}", i), 0, fmt::format("y{}", i));
  }
  bed.publish(ports);
  listed = value_of(bed.source->list());
  CHECK(listed.vms.size() == 20000);
  CHECK(listed.problem ==
        "run/ports.json: 2 ports are left out, first port y9999: there are more than 20000 guests");
}

} // namespace sfa::guests_ports_source_test
