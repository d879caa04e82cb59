#include "host/host_interfaces.hpp"

#include "fixture_host.hpp"

namespace sfa::host_interfaces_test {

using namespace host;
using namespace test;

namespace {

void write_interface(const TemporaryHost& host, const std::string& name, unsigned index,
                     std::string_view flags = "0x1003") {
  host.write("sys/class/net/" + name + "/flags", flags);
  host.write("sys/class/net/" + name + "/ifindex", std::to_string(index));
}

std::map<std::uint32_t, std::string> names(HostInterfaces& interfaces, const TemporaryHost& host) {
  std::map<std::uint32_t, std::string> result;
  for (const auto& [index, interface] : *value_of(interfaces.current(host.root()))) {
    result[index] = interface.name;
  }
  return result;
}

using Names = std::map<std::uint32_t, std::string>;

} // namespace

TEST_CASE("without reports of changes, interfaces are read each time") {
  const TemporaryHost host;
  HostInterfaces interfaces;
  CHECK(names(interfaces, host).empty());
  write_interface(host, "eth0", 2);
  CHECK(names(interfaces, host) == Names{{2, "eth0"}});
}

TEST_CASE("only interfaces that changed are read again") {
  const TemporaryHost host;
  HostInterfaces interfaces;
  write_interface(host, "eth0", 2);
  write_interface(host, "eth1", 3);
  interfaces.all_changed();
  CHECK(names(interfaces, host) == Names{{2, "eth0"}, {3, "eth1"}});
  write_interface(host, "eth0", 2, "0x1002");
  write_interface(host, "eth1", 3, "0x1002");
  write_interface(host, "eth2", 4);
  interfaces.changed(2, "eth0");
  const auto* now = value_of(interfaces.current(host.root()));
  CHECK(now->at(2).flags == 0x1002);
  CHECK(now->at(3).flags == 0x1003); // not reported
  CHECK(!now->contains(4));
  interfaces.changed(4, "eth2");
  CHECK(names(interfaces, host) == Names{{2, "eth0"}, {3, "eth1"}, {4, "eth2"}});
}

TEST_CASE(
    "a renamed interface has its new name, and a removed one is gone, even if it goes before it is read") {
  const TemporaryHost host;
  HostInterfaces interfaces;
  write_interface(host, "eth0", 2);
  write_interface(host, "eth1", 3);
  interfaces.all_changed();
  CHECK(names(interfaces, host).size() == 2);
  host.remove("sys/class/net/eth0");
  write_interface(host, "uplink", 2);
  interfaces.changed(2, "uplink");
  interfaces.removed(3);
  interfaces.changed(5, "gone");
  CHECK(names(interfaces, host) == Names{{2, "uplink"}});
}

TEST_CASE("an interface that cannot be read is read again at each call until it can be") {
  const TemporaryHost host;
  HostInterfaces interfaces;
  interfaces.all_changed();
  CHECK(names(interfaces, host).empty());
  write_interface(host, "eth0", 2, "nonsense");
  interfaces.changed(2, "eth0");
  CHECK(interfaces.current(host.root()).error().message ==
        "sys/class/net/eth0/flags: 'nonsense' is not a set of interface flags");
  CHECK(!interfaces.current(host.root()));
  write_interface(host, "eth0", 2);
  CHECK(names(interfaces, host) == Names{{2, "eth0"}});
}

} // namespace sfa::host_interfaces_test
