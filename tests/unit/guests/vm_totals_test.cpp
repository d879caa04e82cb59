#include "guests/vm_totals.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sfa::guests_vm_totals_test {

using namespace guests;
using namespace sflow;

namespace {

constexpr MacAddress kMac{0x52, 0x54, 0, 0x99, 0, 1};

template <class Block>
std::optional<Block> find(const std::vector<CounterBlock>& blocks) {
  for (const auto& block : blocks) {
    if (const auto* found = std::get_if<Block>(&block)) {
      return *found;
    }
  }
  return std::nullopt;
}

template <class Block>
Block get(const std::vector<CounterBlock>& blocks) {
  const auto found = find<Block>(blocks);
  REQUIRE(found);
  return *found;
}

VmNic nic(std::string device, std::uint64_t rx_bytes, std::uint64_t tx_bytes) {
  return {.device = std::move(device),
          .mac = kMac,
          .if_index = 4,
          .counters = VmNicCounters{.rx_bytes = rx_bytes, .tx_bytes = tx_bytes}};
}

VmDisk disk(std::string device, std::uint64_t rd_bytes) {
  return {.device = std::move(device),
          .capacity = 100,
          .allocation = 50,
          .physical = 60,
          .counters = VmDiskCounters{.rd_bytes = rd_bytes}};
}

VmReading machine() {
  return {.uuid = Uuid{1, 2, 3},
          .name = "g1",
          .machine_type = 3,
          .os_name = 2,
          .os_release = "debian/12",
          .cpu = VmCpu{.state = 1, .time_ns = 5'000'000'000, .count = 2},
          .memory = VmMemory{.bytes = 96U << 20U, .max_bytes = 128U << 20U}};
}

} // namespace

TEST_CASE("a VM's sample has its identity, its host, its MAC and its switch port") {
  VmTotals totals;
  auto reading = machine();
  reading.nics = {nic("vnet0", 1, 2)};
  const auto blocks = totals.blocks(reading);
  CHECK(get<HostDescr>(blocks) == HostDescr{.hostname = "g1",
                                            .uuid = Uuid{1, 2, 3},
                                            .machine_type = 3,
                                            .os_name = 2,
                                            .os_release = "debian/12"});
  CHECK(get<HostAdapters>(blocks) == HostAdapters{{HostAdapter{4, {kMac}}}});
  CHECK(get<HostParent>(blocks) == HostParent{2, 1});
  CHECK(get<VirtCpu>(blocks) == VirtCpu{.state = 1, .cpu_time = 5000, .nr_virt_cpu = 2});
  CHECK(get<VirtMemory>(blocks) == VirtMemory{.memory = 96U << 20U, .max_memory = 128U << 20U});
}

TEST_CASE("structures that a VM does not have are left out of its sample") {
  VmTotals totals;
  const auto blocks = totals.blocks(machine());
  CHECK_FALSE(find<HostAdapters>(blocks));
  CHECK_FALSE(find<VirtDiskIo>(blocks));
  CHECK_FALSE(find<VirtNetIo>(blocks));

  auto without_disks = machine();
  without_disks.disks.emplace();
  CHECK_FALSE(find<VirtDiskIo>(totals.blocks(without_disks)));

  auto passed_through = machine();
  passed_through.nics = {{.device = "", .mac = kMac, .if_index = 0, .counters = {}}};
  CHECK(find<HostAdapters>(totals.blocks(passed_through)));
  CHECK_FALSE(find<VirtNetIo>(totals.blocks(passed_through)));
}

TEST_CASE("the disks and NICs of a VM are summed, and the directions stay") {
  VmTotals totals;
  auto reading = machine();
  reading.nics = {nic("vnet0", 100, 2000), nic("vnet1", 10, 200)};
  reading.disks = {disk("vda", 7), disk("vdb", 70)};
  const auto blocks = totals.blocks(reading);
  const auto net = get<VirtNetIo>(blocks);
  CHECK(net.rx_bytes == 110);
  CHECK(net.tx_bytes == 2200);
  const auto disks = get<VirtDiskIo>(blocks);
  CHECK(disks.rd_bytes == 77);
  CHECK(disks.capacity == 200);
  CHECK(disks.allocation == 100);
  CHECK(disks.available == 120);
  CHECK(disks.errs == kUnknown32);
}

TEST_CASE("totals do not fall when a NIC or a disk is unplugged") {
  VmTotals totals;
  auto reading = machine();
  reading.nics = {nic("vnet0", 100, 1), nic("vnet1", 1000, 1)};
  reading.disks = {disk("vda", 5), disk("vdb", 50)};
  (void)totals.blocks(reading);
  reading.nics = {nic("vnet0", 110, 1)};
  reading.disks = {disk("vda", 6)};
  auto blocks = totals.blocks(reading);
  CHECK(get<VirtNetIo>(blocks).rx_bytes == 1110);
  CHECK(get<VirtDiskIo>(blocks).rd_bytes == 56);
  CHECK(get<VirtDiskIo>(blocks).capacity == 100);
  reading.nics.clear();
  reading.disks->clear();
  blocks = totals.blocks(reading);
  CHECK(get<VirtNetIo>(blocks).rx_bytes == 1110);
  CHECK(get<VirtDiskIo>(blocks).rd_bytes == 56);
}

TEST_CASE("totals continue when a VM is stopped and started again") {
  VmTotals totals;
  auto reading = machine();
  reading.nics = {nic("vnet0", 100, 1)};
  (void)totals.blocks(reading);
  reading.cpu->time_ns = 1'000'000'000;
  reading.nics = {nic("vnet3", 5, 1)};
  const auto blocks = totals.blocks(reading);
  CHECK(get<VirtCpu>(blocks).cpu_time == 6000);
  CHECK(get<VirtNetIo>(blocks).rx_bytes == 105);
}

TEST_CASE("totals neither jump nor fall when another backend counts the same traffic at another device") {
  VmTotals totals;
  VmReading port{.uuid = machine().uuid, .nics = {nic("qvo1", 1'000'000, 1)}};
  CHECK(get<VirtNetIo>(totals.blocks(port)).rx_bytes == 1'000'000);
  totals.source_changed();
  auto vm = machine();
  vm.nics = {nic("tap1", 999'000, 1)};
  CHECK(get<VirtNetIo>(totals.blocks(vm)).rx_bytes == 1'000'000);
  CHECK(get<VirtCpu>(totals.blocks(vm)).cpu_time == 5000); // nobody has counted that before
  vm.nics = {nic("tap1", 999'100, 1)};
  CHECK(get<VirtNetIo>(totals.blocks(vm)).rx_bytes == 1'000'100);
  totals.source_changed();
  port.nics = {nic("qvo1", 1'500'000, 1)};
  CHECK(get<VirtNetIo>(totals.blocks(port)).rx_bytes == 1'000'100);
  port.nics = {nic("qvo1", 1'500'010, 1)};
  CHECK(get<VirtNetIo>(totals.blocks(port)).rx_bytes == 1'000'110);
}

TEST_CASE("disks that are unknown at one poll are left out of it, and their totals continue afterwards") {
  VmTotals totals;
  auto reading = machine();
  reading.disks = {disk("vda", 5)};
  (void)totals.blocks(reading);
  reading.disks.reset();
  CHECK_FALSE(find<VirtDiskIo>(totals.blocks(reading)));
  reading.disks = {disk("vda", 9)};
  CHECK(get<VirtDiskIo>(totals.blocks(reading)).rd_bytes == 9);
}

TEST_CASE("a disk without counters contributes its size, and errors are known if one disk counts them") {
  VmTotals totals;
  auto reading = machine();
  auto empty = disk("sda", 0);
  empty.counters.reset();
  auto counting = disk("vda", 5);
  counting.counters->errs = 3;
  counting.counts_errors = true;
  reading.disks = {empty, counting};
  const auto disks = get<VirtDiskIo>(totals.blocks(reading));
  CHECK(disks.capacity == 200);
  CHECK(disks.rd_bytes == 5);
  CHECK(disks.errs == 3);
}

TEST_CASE("names are cut to the size of the structure, and so is the number of adapters") {
  VmTotals totals;
  auto reading = machine();
  reading.name = std::string(100, 'x');
  reading.os_release = std::string(100, 'y');
  for (int i = 0; i < 40; ++i) {
    reading.nics.push_back(nic("vnet" + std::to_string(i), 1, 1));
  }
  const auto blocks = totals.blocks(reading);
  CHECK(get<HostDescr>(blocks).hostname.size() == 64);
  CHECK(get<HostDescr>(blocks).os_release.size() == 32);
  CHECK(get<HostAdapters>(blocks).adapters.size() == 32);
  CHECK(get<VirtNetIo>(blocks).rx_bytes == 40);
}

TEST_CASE("errors of disks are known as soon as one disk counts them") {
  VmTotals totals;
  auto reading = machine();
  reading.disks = {disk("vda", 7), disk("vdb", 70)};
  reading.disks->front().counts_errors = true;
  reading.disks->front().counters->errs = 3;
  CHECK(get<VirtDiskIo>(totals.blocks(reading)).errs == 3);
  reading.disks->front().counts_errors = false;
  CHECK(get<VirtDiskIo>(totals.blocks(reading)).errs == 3);
}

} // namespace sfa::guests_vm_totals_test
