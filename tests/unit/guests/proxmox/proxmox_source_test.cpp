#include "guests/proxmox/proxmox_source.hpp"

#include "common/text.hpp"
#include "guests/proxmox/proxmox_node.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace sfa::proxmox_source_test {

using namespace guests;
using namespace test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMebibyte = 1U << 20U;

sflow::MacAddress mac(std::uint8_t slot, std::uint8_t last) {
  return {0xbc, 0x24, 0x11, 0, slot, last};
}

// What the fixture's device with this ifIndex has counted, in the guest's view.
VmNicCounters counted(std::uint64_t index) {
  return {.rx_bytes = index * 1000 + 5,
          .rx_packets = index * 100 + 6,
          .rx_errs = index + 7,
          .rx_drop = index + 8,
          .tx_bytes = index * 1000 + 1,
          .tx_packets = index * 100 + 2,
          .tx_errs = index + 3,
          .tx_drop = index + 4};
}

std::set<Uuid> listed(VmSource& source) {
  const auto vms = value_of(source.list()).vms;
  return {vms.begin(), vms.end()};
}

std::string problem_of(VmSource& source) {
  return value_of(source.list()).problem;
}

} // namespace

TEST_CASE("running VMs and containers are listed, but none that has stopped or crashed, and no template") {
  ProxmoxNode node;
  const auto source = node.source();
  CHECK(listed(*source) == std::set{fixture_uuid(100), fixture_uuid(101), fixture_uuid(777),
                                    derived_uuid("qemu", 104), derived_uuid("qemu", 105),
                                    derived_uuid("lxc", 102)});
}

TEST_CASE("a VM has what its control group, its configuration and the kernel know") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto vm = read_guests(*source).at("web1");
  CHECK(vm.uuid == fixture_uuid(100));
  CHECK(vm.machine_type == 3);
  CHECK(vm.os_name == 0);
  CHECK(vm.cpu == VmCpu{.state = 1, .time_ns = 100'000'123'000, .count = 4});
  CHECK(vm.memory == VmMemory{.bytes = 100 * kMebibyte + 20'000'000, .max_bytes = 4096 * kMebibyte});
  CHECK(vm.disks == std::vector{VmDisk{.device = "8:0",
                                       .counters = VmDiskCounters{
                                           .rd_req = 10, .rd_bytes = 1000, .wr_req = 20, .wr_bytes = 2000}}});
  CHECK(vm.problem.empty());
}

TEST_CASE("the port of a firewall bridge is an adapter of the guest too, and nothing is counted twice") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto all = read_guests(*source);
  CHECK(all.at("web1").nics ==
        std::vector{VmNic{.device = "tap100i0", .mac = mac(1, 0), .if_index = 4, .counters = counted(4)},
                    VmNic{.device = "fwln100o0", .mac = mac(1, 0), .if_index = 6}});
  CHECK(all.at("dns1").nics ==
        std::vector{VmNic{.device = "veth102i0", .mac = mac(1, 2), .if_index = 9, .counters = counted(9)},
                    VmNic{.device = "fwpr102p0", .mac = mac(1, 2), .if_index = 12}});
}

TEST_CASE("each of two NICs has its own MAC") {
  ProxmoxNode node;
  const auto source = node.source();
  CHECK(read_guests(*source).at("db.example").nics ==
        std::vector{VmNic{.device = "tap101i0", .mac = mac(1, 1), .if_index = 7, .counters = counted(7)},
                    VmNic{.device = "tap101i1", .mac = mac(1, 0x11), .if_index = 8, .counters = counted(8)}});
}

TEST_CASE("a container has the limits of its group and the host's kernel") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto container = read_guests(*source).at("dns1");
  CHECK(container.uuid == derived_uuid("lxc", 102));
  CHECK(container.cpu == VmCpu{.state = 1, .time_ns = 102'000'123'000, .count = 2});
  CHECK(container.memory->max_bytes == 1024 * kMebibyte);
  CHECK(container.os_name == 2);
  CHECK(container.os_release == "6.8.12-4-pve");
  REQUIRE(container.disks);
  CHECK(container.disks->size() == 1); // the loop device is on the same disk
}

TEST_CASE("a frozen VM is paused") {
  ProxmoxNode node;
  const auto source = node.source();
  CHECK(read_guests(*source).at("db.example").cpu->state == 3);
}

TEST_CASE("without the io controller the disks are unknown, and before the first request there is none") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto all = read_guests(*source);
  CHECK_FALSE(all.at("clone-a").disks);
  CHECK(all.at("VM105").disks == std::vector<VmDisk>{});
}

TEST_CASE("a VM without name and UUID is known by its VMID") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto vm = read_guests(*source).at("VM105");
  CHECK(vm.uuid == derived_uuid("qemu", 105));
  CHECK(vm.nics.at(0).mac == mac(1, 5));
}

TEST_CASE("of two VMs with the same UUID the later one has another UUID as long as it runs") {
  ProxmoxNode node;
  node.stop(103);
  const auto source = node.source();
  CHECK(problem_of(*source).empty());
  CHECK(read_guests(*source).at("clone-b").uuid == fixture_uuid(777));

  node.start(103);
  CHECK(problem_of(*source) == "VM 103 has the smbios1 UUID of VM 104; it is exported with another one");
  auto all = read_guests(*source);
  CHECK(all.at("clone-b").uuid == fixture_uuid(777));
  CHECK(all.at("clone-a").uuid == derived_uuid("qemu", 103));

  node.stop(104);
  CHECK(problem_of(*source).empty());
  all = read_guests(*source);
  CHECK_FALSE(all.contains("clone-b"));
  CHECK(all.at("clone-a").uuid == derived_uuid("qemu", 103));
}

TEST_CASE(
    "of two VMs with the same UUID the one that started first has it, also after a restart of hsflowd") {
  ProxmoxNode node;
  node.date_start(103, 20);
  node.date_start(104, 40);
  const auto source = node.source();
  CHECK(problem_of(*source) == "VM 103 has the smbios1 UUID of VM 104; it is exported with another one");
  CHECK(read_guests(*source).at("clone-b").uuid == fixture_uuid(777));
  CHECK(read_guests(*node.source()).at("clone-b").uuid == fixture_uuid(777));
  node.date_start(103, 60);
  CHECK(read_guests(*node.source()).at("clone-a").uuid == fixture_uuid(777));
}

TEST_CASE(
    "a VM whose derived UUID is the smbios1 of another one is exported with a third one, and reported") {
  ProxmoxNode node;
  node.stop(103);
  node.date_start(101, 60);
  node.date_start(105, 20);
  node.host.write(ProxmoxNode::config(101),
                  "name: thief\nsmbios1: uuid=" + format_uuid(derived_uuid("qemu", 105)) + "\n");
  const auto source = node.source();
  CHECK(problem_of(*source) == "VM 105 has the derived UUID of VM 101; it is exported with another one");
  const auto all = read_guests(*source);
  CHECK(all.at("thief").uuid == derived_uuid("qemu", 105));
  REQUIRE(all.contains("VM105"));
  CHECK(read_guests(*node.source()).at("VM105").uuid == all.at("VM105").uuid);
}

TEST_CASE("VMs whose disks are not counted are reported, after all other problems") {
  ProxmoxNode node;
  node.host.remove(ProxmoxNode::scope(100) + "/io.stat");
  node.host.remove(ProxmoxNode::scope(101) + "/io.stat");
  const auto source = node.source();
  CHECK(problem_of(*source).find("io controller") == std::string::npos); // VM 105 is counted
  node.host.remove(ProxmoxNode::scope(105) + "/io.stat");
  CHECK(problem_of(*source) ==
        "VM 104 has the smbios1 UUID of VM 103; it is exported with another one (and 1 more problems)");
  node.stop(103);
  CHECK(problem_of(*source) == "the io controller is off for the VMs, so their disks are not counted; "
                               "docs/guests.md has the remedy");
  CHECK(read_guests(*source).size() == 5);
  for (const int vmid : {100, 101, 104, 105, 107}) {
    node.stop(vmid);
  }
  CHECK(problem_of(*source).empty()); // only a container runs
}

TEST_CASE("a VMID that another guest has got is another guest") {
  ProxmoxNode node;
  const auto source = node.source();
  CHECK(read_guests(*source).contains("web1"));
  node.host.remove(ProxmoxNode::config(100));
  node.host.write(ProxmoxNode::config(100),
                  "name: successor\nsmbios1: uuid=10000000-0000-4000-8000-000000000200\n");
  node.stop(100);
  node.start(100);
  const auto all = read_guests(*source);
  CHECK_FALSE(all.contains("web1"));
  CHECK(all.at("successor").uuid == fixture_uuid(200));
}

TEST_CASE("a group that is still empty is looked at again soon, but not for ever") {
  ProxmoxNode node;
  node.stop(108);
  const auto source = node.source();
  CHECK_FALSE(value_of(source->list()).list_soon);
  node.host.write("sys/fs/cgroup/lxc/110/cgroup.events", "populated 0\nfrozen 0\n");
  node.host.write("etc/pve/nodes/pve1/lxc/110.conf", "hostname: late\n");
  CHECK(value_of(source->list()).list_soon);
  CHECK_FALSE(value_of(source->list()).list_soon);
  node.host.write("sys/fs/cgroup/lxc/110/cgroup.events", "populated 1\nfrozen 0\n");
  CHECK_FALSE(value_of(source->list()).list_soon);
  CHECK(read_guests(*source).contains("late"));
}

TEST_CASE("a VM that stops while it is read is left out") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto list = value_of(source->list());
  node.stop(100);
  const auto readings = value_of(source->read(list.vms));
  CHECK(readings.size() == list.vms.size() - 1);
  CHECK(std::ranges::none_of(readings, [](const auto& one) { return one.name == "web1"; }));
}

TEST_CASE("a change of the name is seen by the next list, and the UUID stays while the VM runs") {
  ProxmoxNode node;
  const auto source = node.source();
  const auto before = read_guests(*source).at("web1").uuid;
  node.host.write(ProxmoxNode::config(100),
                  "name: renamed\nsmbios1: uuid=10000000-0000-4000-8000-000000000300\n");
  CHECK(read_guests(*source).at("renamed").uuid == before);
}

TEST_CASE("a change of the same size in the second of the last one is seen by the next list") {
  ProxmoxNode node;
  const auto file = node.host.path() / ProxmoxNode::config(100);
  node.host.write(ProxmoxNode::config(100), "name: first\n");
  const auto written = std::filesystem::last_write_time(file);
  const auto source = node.source();
  CHECK(read_guests(*source).contains("first"));
  node.host.write(ProxmoxNode::config(100), "name: other\n");
  std::filesystem::last_write_time(file, written);
  CHECK(read_guests(*source).contains("other"));
}

TEST_CASE("a VM that migrates in has its name and UUID before its configuration arrives") {
  ProxmoxNode node;
  const auto source = node.source();
  node.start(109); // its file is still at pve2
  CHECK(read_guests(*source).at("visitor").uuid == fixture_uuid(109));
  std::filesystem::rename(node.host.path() / ProxmoxNode::config(109, "pve2"),
                          node.host.path() / ProxmoxNode::config(109));
  CHECK(read_guests(*source).at("visitor").uuid == fixture_uuid(109));
}

TEST_CASE("a VM that migrates out keeps its name and UUID while it runs here") {
  ProxmoxNode node;
  const auto source = node.source();
  CHECK(read_guests(*source).contains("web1"));
  std::filesystem::rename(node.host.path() / ProxmoxNode::config(100),
                          node.host.path() / ProxmoxNode::config(100, "pve2"));
  CHECK(read_guests(*source).at("web1").uuid == fixture_uuid(100));
  node.host.remove(ProxmoxNode::config(100, "pve2")); // and destroyed there
  const auto list = value_of(source->list());
  CHECK(list.problem.find("VM 100") == std::string::npos);
  CHECK(read_guests(*source).at("web1").nics.at(0).mac == mac(1, 0));
}

TEST_CASE("a VM without any configuration is exported by its VMID, and reported") {
  ProxmoxNode node;
  node.stop(103); // the UUID that two share is another problem
  const auto source = node.source();
  node.start(150);
  CHECK(problem_of(*source) == "VM 150 has no configuration in /etc/pve");
  CHECK(read_guests(*source).at("VM150").uuid == derived_uuid("qemu", 150));
}

TEST_CASE("a container group without a configuration is not one of Proxmox VE") {
  ProxmoxNode node;
  const auto source = node.source();
  node.host.write("sys/fs/cgroup/lxc/150/cgroup.events", "populated 1\nfrozen 0\n");
  CHECK(listed(*source).size() == 6);
}

TEST_CASE("a bad option of one VM is reported with file and line, and costs no guest") {
  ProxmoxNode node;
  node.stop(103);
  node.host.write(ProxmoxNode::config(101), "name: db\nnet0: virtio=what\n");
  node.host.write(ProxmoxNode::config(104), "???\n");
  const auto source = node.source();
  CHECK(problem_of(*source) ==
        "/etc/pve/qemu-server/101.conf: line 2: net0: no MAC address (and 1 more problems)");
  const auto all = read_guests(*source);
  CHECK(all.size() == 5);
  CHECK(all.at("db").nics.at(0).device == "tap101i0");
  CHECK_FALSE(all.at("db").nics.at(0).mac);
}

TEST_CASE("without cgroup v2 the VMs with a pid file have their names and NICs, and that is reported") {
  ProxmoxNode node;
  node.stop(103);
  node.host.remove("sys/fs/cgroup/cgroup.controllers");
  const auto source = node.source();
  CHECK(problem_of(*source) ==
        "no cgroup v2: CPU, memory and disks of VMs are unknown, and containers not seen");
  const auto vm = read_guests(*source).at("web1");
  CHECK_FALSE(vm.cpu);
  CHECK_FALSE(vm.memory);
  CHECK_FALSE(vm.disks);
  CHECK(vm.nics.at(0).counters == counted(4));
}

TEST_CASE("a malformed statistic costs that one, and the reading says so") {
  ProxmoxNode node;
  const auto source = node.source();
  node.host.write(ProxmoxNode::scope(100) + "/cpu.stat", "?\n");
  const auto vm = read_guests(*source).at("web1");
  CHECK_FALSE(vm.cpu);
  CHECK(vm.memory);
  CHECK(vm.problem == "sys/fs/cgroup/qemu.slice/100.scope/cpu.stat: no number usage_usec");
}

TEST_CASE("a host without Proxmox VE is an error") {
  ProxmoxNode node;
  CHECK(proxmox_is_present(node.host.root()));
  node.host.remove("run/qemu-server");
  CHECK_FALSE(proxmox_is_present(node.host.root()));
  const auto source = node.source();
  const auto list = source->list();
  REQUIRE_FALSE(list);
  CHECK(list.error().message == "no Proxmox VE on this host: /run/qemu-server does not exist");
}

} // namespace sfa::proxmox_source_test
