#include "interfaces/selection.hpp"

#include "host/fixture_host.hpp"
#include "host/host_interfaces.hpp"

namespace sfa::interfaces_selection_test {

using namespace host;
using namespace interfaces;
using namespace test;

namespace {

using Names = std::vector<std::string>;

Names exported(std::string_view host, const InterfaceFilter& filter = {}) {
  HostInterfaces interfaces;
  const auto* all = value_of(interfaces.current(fixture_host(host)));
  Names names;
  for (const auto& [index, interface] : *all) {
    if (is_exported(interface, *all, filter)) {
      names.push_back(interface.name);
    }
  }
  return names;
}

} // namespace

TEST_CASE("NICs, members, bonds and teams are exported, and neither ports of Open vSwitch nor taps") {
  CHECK(exported("kvm-many-nics") ==
        Names{"eno1", "eno2", "eno4", "eno5", "ens1f0", "ens1f1", "ens2f0v0", "team0", "eno6"});
  CHECK(exported("bond-vlan-bridge") == Names{"eno1", "eno2", "eno3", "ib0", "bond0"});
}

TEST_CASE("a Xen dom0 exports its NICs and the interfaces below them, but not its guests' backends") {
  CHECK(exported("xen-dom0") == Names{"eth0", "eth1", "eth2"});
}

TEST_CASE("the representor of a guest's virtual function belongs to the guest and is not exported") {
  HostInterfaces interfaces;
  const auto* all = value_of(interfaces.current(fixture_host("kvm-many-nics")));
  CHECK(all->at(28).name == "ens3f0r0");
  CHECK(all->at(28).guest_port);
  CHECK(!is_nic(all->at(28)));
  CHECK(!all->at(2).guest_port); // eno1, whose port has a name too
}

TEST_CASE("a guest's paravirtual NIC is exported, and a container has none") {
  CHECK(exported("microvm-6.18") == Names{"eth0"});
  CHECK(exported("kernel-3.10") == Names{"em1"});
  CHECK(exported("arm64") == Names{"enP1p3s0"});
  CHECK(exported("container").empty());
}

TEST_CASE("interfaces are included and excluded by name or pattern, and exclude is stronger") {
  CHECK(exported("container", {.include = {"eth0", "br?"}, .exclude = {}}) == Names{"eth0", "br0"});
  CHECK(exported("kvm-many-nics", {.include = {"v*"}, .exclude = {"e*", "vnet*"}}) ==
        Names{"team0", "virbr0"});
}

TEST_CASE("a port of Open vSwitch is not exported even when it is included") {
  CHECK(exported("kvm-many-nics", {.include = {"bond0", "eno3", "vnet0"}, .exclude = {"e*"}}) ==
        Names{"team0"});
}

TEST_CASE("the master of NICs is an aggregate, unless it is a bridge, a VRF or a switch") {
  HostInterfaces interfaces;
  const auto* all = value_of(interfaces.current(fixture_host("kvm-many-nics")));
  Names aggregates;
  for (const auto& [index, interface] : *all) {
    if (is_aggregate(interface, *all)) {
      aggregates.push_back(interface.name);
    }
  }
  CHECK(aggregates == Names{"bond0", "team0"});
}

} // namespace sfa::interfaces_selection_test
