// NICs that come, go and change while a VM of Proxmox VE runs.
#include "guests/proxmox/proxmox_node.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace sfa::proxmox_nics_test {

using namespace guests;
using namespace test;
using namespace std::chrono_literals;

namespace {

std::vector<VmNic> nics_of(VmSource& source, const Uuid& uuid) {
  return value_of(source.read(std::vector{uuid})).at(0).nics;
}

void add_line(const ProxmoxNode& node, int vmid, const std::string& line) {
  const auto file = ProxmoxNode::config(vmid);
  node.host.write(file, line + "\n" + value_of(node.host.root().read(file)).value());
}

} // namespace

TEST_CASE("a hot-plugged NIC is found between two lists, with its MAC as soon as the configuration has it") {
  ProxmoxNode node;
  const auto source = node.source();
  REQUIRE(source->list());
  CHECK(nics_of(*source, fixture_uuid(100)).size() == 2);
  node.plug("tap100i1", 50, 5000);
  node.now += 5s;
  auto nics = nics_of(*source, fixture_uuid(100));
  REQUIRE(nics.size() == 3);
  CHECK(nics[1].device == "tap100i1");
  CHECK(nics[1].if_index == 50);
  CHECK(nics[1].counters->tx_bytes == 5000);
  CHECK_FALSE(nics[1].mac);

  add_line(node, 100, "net1: virtio=BC:24:11:00:01:AA,bridge=vmbr0");
  nics = nics_of(*source, fixture_uuid(100));
  CHECK(nics.at(1).mac == sflow::MacAddress{0xbc, 0x24, 0x11, 0, 1, 0xaa});
}

TEST_CASE("an unplugged NIC is left out at once") {
  ProxmoxNode node;
  const auto source = node.source();
  REQUIRE(source->list());
  CHECK(nics_of(*source, fixture_uuid(101)).size() == 2);
  node.unplug("tap101i1");
  CHECK(nics_of(*source, fixture_uuid(101)).size() == 1);
}

TEST_CASE("a NIC that was plugged anew has its new ifIndex at once, and its new MAC at the next poll") {
  ProxmoxNode node;
  const auto source = node.source();
  REQUIRE(source->list());
  const auto uuid = derived_uuid("qemu", 105);
  CHECK(nics_of(*source, uuid).at(0).if_index == 15);
  node.plug("tap105i0", 51, 7);
  node.host.write(ProxmoxNode::config(105), "memory: 2048\nnet0: virtio=BC:24:11:00:01:55,bridge=vmbr0\n");
  const auto nic = nics_of(*source, uuid).at(0);
  CHECK(nic.if_index == 51);
  CHECK(nic.counters->tx_bytes == 7);
  CHECK(nics_of(*source, uuid).at(0).mac == sflow::MacAddress{0xbc, 0x24, 0x11, 0, 1, 0x55});
}

TEST_CASE("if the kernel's counters cannot be read, the rest of a VM is, and the reading says so") {
  ProxmoxNode node;
  const auto source = node.source();
  node.host.write("proc/net/dev", "what\n");
  const auto vm = read_guests(*source).at("web1");
  CHECK(vm.cpu);
  CHECK(vm.nics.empty());
  CHECK(vm.problem == "proc/net/dev: no line with the known column names");
}

TEST_CASE("a device of another VM is never taken") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto all = read_guests(*source);
  for (const auto& [name, reading] : all) {
    for (const auto& nic : reading.nics) {
      CHECK(nic.device != "tap1000i0");
      CHECK(nic.device != "tap10i0");
      CHECK(nic.device != "tap100i0x");
    }
  }
}

TEST_CASE("a tap that has the VMID of a container is not its NIC") {
  ProxmoxNode node;
  node.plug("tap102i0", 52, 1);
  const auto source = node.source();
  const auto all = read_guests(*source);
  for (const auto& nic : all.at("dns1").nics) {
    CHECK(nic.device != "tap102i0");
  }
}

} // namespace sfa::proxmox_nics_test
