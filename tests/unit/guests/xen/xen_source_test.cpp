// The source with a simulated hypervisor and xenstored. tests/vm tests it with the real ones.
#include "guests/xen/simulated_dom0.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace sfa::xen_source_test {

using namespace guests;
using namespace sflow;
using namespace test;

TEST_CASE("Xen's domains except dom0 are listed and read") {
  Dom0 dom0;
  const auto source = dom0.source();
  const auto vms = read_all(*source);
  REQUIRE(vms.size() == 2);
  const auto& vm1 = vms[0];
  CHECK(vm1.name == "vm1");
  CHECK(vm1.uuid == Uuid{0xa1});
  CHECK(vm1.machine_type == 3);
  CHECK(vm1.os_name == 2);
  CHECK(vm1.cpu->time_ns == 5'000'000'000);
  CHECK(vm1.problem.empty());
  CHECK(vm1.disks ==
        std::vector<VmDisk>{
            {.device = "51712",
             .capacity = kDiskSectors * 512,
             .allocation = kDiskSectors * 512,
             .physical = kDiskSectors * 512,
             .counters = VmDiskCounters{
                 .rd_req = 139, .rd_bytes = 16344 * 512, .wr_req = 34, .wr_bytes = 2240 * 512}}});
  const auto& vm2 = vms[1];
  CHECK(vm2.os_name == 0);
  REQUIRE(vm2.nics.size() == 2);
  CHECK(vm2.nics[1].device == "vif2.1");
  CHECK(vm2.nics[1].if_index == 8);
  CHECK(vm2.nics[1].mac == MacAddress{0, 0x16, 0x3e, 0, 0, 0x22});
}

TEST_CASE("a vif received what the guest sent") {
  Dom0 dom0;
  const auto vms = read_all(*dom0.source());
  REQUIRE(vms.size() == 2);
  REQUIRE(vms[0].nics.size() == 1);
  CHECK(vms[0].nics[0].counters == VmNicCounters{.rx_bytes = 2000,
                                                 .rx_packets = 20,
                                                 .rx_errs = 4,
                                                 .rx_drop = 5,
                                                 .tx_bytes = 100,
                                                 .tx_packets = 1,
                                                 .tx_errs = 2,
                                                 .tx_drop = 3});
}

TEST_CASE("the tap of an emulated NIC counts in addition to its vif, and a vif may have any name") {
  Dom0 dom0;
  dom0.host.remove("sys/bus/xen-backend/devices/vif-1-0/net/vif1.0");
  dom0.host.write("sys/bus/xen-backend/devices/vif-1-0/net/web0/x", "");
  dom0.write_net_dev("web0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\nweb0-emu: 2 2 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n"
                     "tap1.0: 3 3 0 0 0 0 0 0 3 3 0 0 0 0 0 0\n");
  const auto vms = read_all(*dom0.source());
  REQUIRE(vms.size() == 2);
  REQUIRE(vms[0].nics.size() == 3);
  CHECK(vms[0].nics[0].device == "web0");
  CHECK(vms[0].nics[1].device == "web0-emu");
  CHECK(vms[0].nics[2].device == "tap1.0");
  CHECK(vms[0].nics[2].mac == MacAddress{0, 0x16, 0x3e, 0, 0, 0x11});
}

TEST_CASE("disks are read only if wanted, and device numbers are hexadecimal") {
  Dom0 dom0;
  CHECK_FALSE(read_all(*dom0.source({.disks = false})).at(0).disks);
  dom0.add_vbd(2, "51728", "fd:a", 1, 1, 1, 1);
  dom0.host.write("sys/dev/block/253:10/size", "2048\n");
  const auto vms = read_all(*dom0.source());
  REQUIRE(vms.size() == 2);
  REQUIRE(vms[1].disks);
  CHECK(vms[1].disks->at(0).capacity == 1U << 20U);
}

TEST_CASE("names and MACs are read once for each list, unless fresh ones are wanted") {
  Dom0 dom0;
  const auto source = dom0.source();
  const auto list = value_of(source->list()).vms;
  CHECK(value_of(source->read(list)).at(0).name == "vm1");
  dom0.keys["/local/domain/1/name"] = "renamed";
  dom0.xenstored = false;
  CHECK(value_of(source->read(list)).at(0).name == "vm1");
  CHECK(dom0.connections == 1);
}

TEST_CASE("a domain that was started again is identified again") {
  Dom0 dom0;
  const auto source = dom0.source();
  const auto list = value_of(source->list()).vms;
  (void)value_of(source->read(list));
  dom0.domains[1].id = 9;
  const auto vms = value_of(source->read(list));
  REQUIRE(vms.size() == 2);
  CHECK(vms[0].name == "a1000000-0000-0000-0000-000000000000"); // this xenstore has no key for domain 9
  CHECK(vms[0].nics.empty());
}

TEST_CASE("without xenstored the counters continue with the known names") {
  Dom0 dom0;
  const auto source = dom0.source();
  (void)read_all(*source);
  dom0.xenstored = false;
  dom0.add_domain(3, 0xc3);
  const auto list = value_of(source->list()).vms;
  dom0.domains.erase(dom0.domains.begin() + 2); // vm2 migrated away
  const auto vms = value_of(source->read(list));
  REQUIRE(vms.size() == 2);
  CHECK(vms[0].name == "vm1");
  REQUIRE(vms[0].nics.size() == 1);
  REQUIRE(vms[0].nics[0].counters);
  CHECK(vms[0].nics[0].counters->rx_bytes == 2000);
  CHECK(vms[0].nics[0].mac);
  CHECK(vms[1].uuid == Uuid{0xc3});
}

TEST_CASE("without xenstored an unknown domain has its UUID as name, and the problem is reported") {
  Dom0 dom0;
  dom0.xenstored = false;
  const auto source = dom0.source();
  const auto vms = read_all(*source);
  REQUIRE(vms.size() == 2);
  CHECK(vms[0].name == "a1000000-0000-0000-0000-000000000000");
  CHECK(vms[0].problem == "xenstored: gone");
  CHECK(vms[0].cpu->time_ns == 5'000'000'000);
}

TEST_CASE("a xenstored that hangs delays a poll once, and after three calls is not asked until one returns") {
  Dom0 dom0;
  std::promise<void> release;
  dom0.hang = release.get_future().share();
  dom0.patience = std::chrono::milliseconds(1);
  const auto source = dom0.source();
  const auto list = value_of(source->list()).vms;
  for (int poll = 0; poll < 5; ++poll) {
    const auto vms = value_of(source->read(list));
    REQUIRE(vms.size() == 2);
    CHECK(vms[0].problem == "xenstored does not answer");
  }
  CHECK(dom0.connections == 3);
  release.set_value();
  dom0.hang = {};
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  auto vms = value_of(source->read(list));
  while (!vms.at(0).problem.empty() && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
    vms = value_of(source->read(list));
  }
  CHECK(vms[0].problem.empty());
  CHECK(vms[0].name == "vm1");
}

TEST_CASE("without Xen the module returns an error") {
  const auto source = make_xen_source({.changed = [] {}});
  const auto list = source->list();
  REQUIRE_FALSE(list);
  CHECK(list.error().message.starts_with("open the hypervisor: "));
  CHECK_FALSE(source->node());
}

} // namespace sfa::xen_source_test
