// Disks that tapdisk serves, through the whole source.
#include "guests/vm_totals.hpp"
#include "guests/xen/simulated_dom0.hpp"
#include "guests/xen/tapdisk_files.hpp"

#include <algorithm>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace sfa::xen_tapdisk_test {

using namespace test;

namespace {

constexpr int kDisk = 51728;

const VmDisk& disk_of(const VmReading& vm, const std::string& device) {
  REQUIRE(vm.disks);
  const auto found = std::ranges::find(*vm.disks, device, &VmDisk::device);
  REQUIRE(found != vm.disks->end());
  return *found;
}

// vm1 has a disk that the kernel serves, and one that a tapdisk serves.
struct Dom0WithTapdisk : Dom0 {
  std::unique_ptr<VmSource> vms;
  std::vector<Uuid> list;
  VmTotals totals;

  Dom0WithTapdisk() {
    live = true;
    add_vbd3(1, kDisk, "4242", "2048");
    write_tapdisk(host, 4242, 1, kDisk,
                  {.rd_req = 10, .rd_sectors = 100, .wr_req = 20, .wr_sectors = 200, .errors = 1});
  }

  // vm1's sums on the wire.
  VirtDiskIo total() {
    for (const auto& block : totals.blocks(poll(), "xen")) {
      if (const auto* disk = std::get_if<VirtDiskIo>(&block)) {
        return *disk;
      }
    }
    FAIL("no virt_disk_io");
    return {};
  }

  VmReading poll() {
    if (!vms) {
      vms = source();
      list = value_of(vms->list()).vms;
    }
    return value_of(vms->read(list)).at(0);
  }
};

} // namespace

TEST_CASE("disks of the kernel and of a tapdisk in one VM count, each once") {
  Dom0WithTapdisk dom0;
  const auto vm = dom0.poll();
  CHECK(vm.problem.empty());
  REQUIRE(vm.disks);
  CHECK(vm.disks->size() == 2);
  CHECK(disk_of(vm, "51712").counters->rd_req == 139);
  CHECK(disk_of(vm, "51728") ==
        VmDisk{.device = "51728",
               .capacity = 2048 * 512,
               .allocation = 2048 * 512,
               .physical = 2048 * 512,
               .counters =
                   VmDiskCounters{
                       .rd_req = 10, .rd_bytes = 100 * 512, .wr_req = 20, .wr_bytes = 200 * 512, .errs = 1},
               .counts_errors = true});
}

TEST_CASE("both layouts of tapdisk's statistics count in one VM") {
  Dom0WithTapdisk dom0;
  dom0.add_vbd3(1, 51744, "", "8");
  write_older_tapdisk(dom0.host, 1, 51744, {.rd_req = 1, .rd_sectors = 2, .wr_req = 3, .wr_sectors = 4});
  const auto vm = dom0.poll();
  CHECK(vm.problem.empty());
  CHECK(disk_of(vm, "51728").counters->rd_req == 10);
  CHECK(disk_of(vm, "51744") ==
        VmDisk{.device = "51744",
               .capacity = 4096,
               .allocation = 4096,
               .physical = 4096,
               .counters = VmDiskCounters{.rd_req = 1, .rd_bytes = 1024, .wr_req = 3, .wr_bytes = 2048}});
}

TEST_CASE("remains of a tapdisk in xenstore do not count beside the kernel's disk of the same device") {
  Dom0WithTapdisk dom0;
  dom0.add_vbd3(1, 51712, "77", "8");
  write_tapdisk(dom0.host, 77, 1, 51712, {.rd_req = 5000});
  const auto vm = dom0.poll();
  CHECK(vm.disks->size() == 2);
  CHECK(disk_of(vm, "51712").counters->rd_req == 139);
}

TEST_CASE("xenstore is not asked for tapdisks at every poll") {
  Dom0WithTapdisk dom0;
  for (int poll = 0; poll < 5; ++poll) {
    CHECK(disk_of(dom0.poll(), "51728").counters);
  }
  CHECK(dom0.questions->load() == 2); // once for each domain
}

TEST_CASE("another tapdisk that serves a disk is found, and the totals do not fall") {
  Dom0WithTapdisk dom0;
  VmTotals totals;
  const auto total = [&](const VmReading& vm) {
    for (const auto& block : totals.blocks(vm, "xen")) {
      if (const auto* disk = std::get_if<VirtDiskIo>(&block)) {
        return *disk;
      }
    }
    FAIL("no virt_disk_io");
    return VirtDiskIo();
  };
  CHECK(total(dom0.poll()).rd_req == 139 + 10);
  dom0.host.remove("dev/shm/td3-4242");
  dom0.host.remove("dev/shm/vbd3-1-51728");
  auto vm = dom0.poll();
  CHECK(vm.problem.empty());
  CHECK(disk_of(vm, "51728").capacity == 2048 * 512);
  CHECK_FALSE(disk_of(vm, "51728").counters);
  CHECK(total(vm).rd_req == 139 + 10);

  dom0.add_vbd3(1, kDisk, "4243", "2048");
  write_tapdisk(dom0.host, 4243, 1, kDisk, {.rd_req = 3, .rd_sectors = 24});
  vm = dom0.poll();
  CHECK(vm.problem.empty());
  CHECK(disk_of(vm, "51728").counters->rd_req == 3);
  const auto disk = total(vm);
  CHECK(disk.rd_req == 139 + 10 + 3);
  CHECK(disk.rd_bytes == (16344 + 100 + 24) * 512);
  CHECK(disk.errs == 1);
}

TEST_CASE("another tapdisk is found although the older statistics answer, and no error counts twice") {
  Dom0WithTapdisk dom0;
  write_older_tapdisk(dom0.host, 1, kDisk, {.rd_req = 10, .rd_sectors = 100});
  CHECK(dom0.total().errs == 1);
  dom0.host.remove("dev/shm/td3-4242");
  write_older_tapdisk(dom0.host, 1, kDisk, {.rd_req = 3, .rd_sectors = 24});
  dom0.add_vbd3(1, kDisk, "4243", "2048");
  write_tapdisk(dom0.host, 4243, 1, kDisk, {.rd_req = 4, .rd_sectors = 32});
  auto disk = dom0.total();
  CHECK(disk.rd_req == 139 + 10 + 3);
  CHECK(disk.errs == 1);
  disk = dom0.total();
  CHECK(disk.rd_req == 139 + 10 + 4);
  CHECK(disk.errs == 1);
  CHECK(dom0.questions->load() == 3); // vm2's once
  write_tapdisk(dom0.host, 4243, 1, kDisk, {.rd_req = 4, .rd_sectors = 32, .errors = 2});
  CHECK(dom0.total().errs == 1 + 2);
}

TEST_CASE("errors do not count twice while a tapdisk's newer statistics are not readable") {
  Dom0WithTapdisk dom0;
  CHECK(dom0.total().errs == 1);
  write_older_tapdisk(dom0.host, 1, kDisk, {.rd_req = 10});
  std::filesystem::permissions(dom0.host.path() / "dev/shm/td3-4242", std::filesystem::perms(0777));
  CHECK(dom0.total().errs == 1);
  write_tapdisk(dom0.host, 4242, 1, kDisk, {.rd_req = 10, .errors = 1});
  CHECK(dom0.total().errs == 1);
  CHECK(dom0.poll().problem.empty());
}

TEST_CASE("a tapdisk with a process and only the older statistics makes xenstore asked once more") {
  Dom0WithTapdisk dom0;
  dom0.host.remove("dev/shm/td3-4242");
  write_older_tapdisk(dom0.host, 1, kDisk, {.rd_req = 3});
  for (int poll = 0; poll < 4; ++poll) {
    CHECK(disk_of(dom0.poll(), "51728").counters->rd_req == 3);
  }
  CHECK(dom0.questions->load() == 3);
}

TEST_CASE("statistics that tapdisk is about to write are not a problem, unless they stay so") {
  Dom0WithTapdisk dom0;
  const std::string file = "dev/shm/td3-4242/vbd-1-51728";
  for (const auto& unfinished : {std::string(), page(std::string())}) { // before ftruncate(2), and after it
    write_private(dom0.host, file, unfinished);
    CHECK(dom0.poll().problem.empty());
    write_tapdisk(dom0.host, 4242, 1, kDisk, {.rd_req = 1});
    CHECK(disk_of(dom0.poll(), "51728").counters->rd_req == 1);
  }
  write_private(dom0.host, file, "");
  CHECK(dom0.poll().problem.empty());
  CHECK(dom0.poll().problem == "tapdisk has no statistics for disk 51728");
}

TEST_CASE("statistics that stay missing are reported, and xenstore is asked until they are there") {
  Dom0WithTapdisk dom0;
  dom0.host.remove("dev/shm/td3-4242");
  CHECK(dom0.poll().problem.empty());
  CHECK(dom0.poll().problem == "tapdisk has no statistics for disk 51728");
  CHECK(dom0.poll().problem == "tapdisk has no statistics for disk 51728");
  CHECK(dom0.questions->load() == 4); // vm2's only once
  write_tapdisk(dom0.host, 4242, 1, kDisk, {.rd_req = 11});
  CHECK(dom0.poll().problem.empty());
  CHECK(dom0.poll().problem.empty());
  CHECK(dom0.questions->load() == 5);
}

TEST_CASE("statistics that are missing once more are not reported at once") {
  Dom0WithTapdisk dom0;
  for (int round = 0; round < 2; ++round) {
    write_tapdisk(dom0.host, 4242, 1, kDisk, {});
    CHECK(dom0.poll().problem.empty());
    dom0.host.remove("dev/shm/td3-4242");
    CHECK(dom0.poll().problem.empty());
  }
}

TEST_CASE("a tapdisk whose process xenstore does not have yet counts as soon as it has") {
  Dom0WithTapdisk dom0;
  write_private(dom0.host, "dev/shm/vbd3-1-51744/io_ring", "");
  dom0.add_vbd3(1, 51744, "", "8");
  CHECK_FALSE(disk_of(dom0.poll(), "51744").counters);
  dom0.add_vbd3(1, 51744, "5000", "8");
  write_tapdisk(dom0.host, 5000, 1, 51744, {.rd_req = 7});
  const auto vm = dom0.poll();
  REQUIRE(disk_of(vm, "51744").counters);
  CHECK(disk_of(vm, "51744").counters->rd_req == 7);
}

TEST_CASE("a tapdisk that is attached later counts at the next poll") {
  Dom0WithTapdisk dom0;
  (void)dom0.poll();
  dom0.add_vbd3(1, 51744, "5000", "8");
  write_tapdisk(dom0.host, 5000, 1, 51744, {.rd_req = 7});
  CHECK(disk_of(dom0.poll(), "51744").counters->rd_req == 7);
}

TEST_CASE("a directory that only pretends to be a tapdisk's is asked about once") {
  Dom0WithTapdisk dom0;
  (void)dom0.poll();
  dom0.host.write("dev/shm/vbd3-1-99/io_ring", "");
  for (int poll = 0; poll < 3; ++poll) {
    const auto vm = dom0.poll();
    CHECK(vm.disks->size() == 2);
    CHECK(vm.problem.empty());
  }
  CHECK(dom0.questions->load() == 3);
}

TEST_CASE("a drive without a medium has neither counters nor a problem") {
  Dom0WithTapdisk dom0;
  dom0.add_vbd3(1, 51760, "", "");
  for (int poll = 0; poll < 3; ++poll) {
    const auto vm = dom0.poll();
    CHECK(vm.problem.empty());
    CHECK(disk_of(vm, "51760") == VmDisk{.device = "51760"});
  }
  CHECK(dom0.questions->load() == 2);
}

TEST_CASE("statistics of an unknown version are that VM's problem, and its other disks count") {
  Dom0WithTapdisk dom0;
  dom0.host.write("dev/shm/td3-4242/vbd-1-51728", page(tapdisk_statistics({}, 9)));
  const auto vm = dom0.poll();
  CHECK(vm.problem == "/dev/shm/td3-4242/vbd-1-51728: has version 9, expected 1");
  CHECK_FALSE(disk_of(vm, "51728").counters);
  CHECK(disk_of(vm, "51712").counters);
  CHECK(value_of(dom0.vms->read(dom0.list)).at(1).problem.empty());
}

TEST_CASE("statistics that the agent may not read are a problem of that VM with a remedy") {
  if (geteuid() != 0) {
    WARN("not root: every file here is readable");
    return;
  }
  Dom0WithTapdisk dom0;
  std::filesystem::permissions(dom0.host.path(), std::filesystem::perms(0755));
  std::vector<VmReading> vms;
  std::thread([&] {
    constexpr auto kNobody = 65534;
    if (syscall(SYS_setresuid, -1, kNobody, -1) == 0) { // of this thread only
      vms = read_all(*dom0.source());
    }
  }).join();
  REQUIRE(vms.size() == 2);
  CHECK(
      vms[0].problem.find("/dev/shm/td3-4242/vbd-1-51728: Permission denied; it needs CAP_DAC_READ_SEARCH") !=
      std::string::npos);
  CHECK(disk_of(vms[0], "51712").counters);
  CHECK_FALSE(disk_of(vms[0], "51728").counters);
  CHECK(vms[1].problem.empty());
}

TEST_CASE("without disks neither xenstore nor tapdisk's statistics are read for them") {
  Dom0WithTapdisk dom0;
  const auto vms = read_all(*dom0.source({.disks = false}));
  CHECK_FALSE(vms.at(0).disks);
  CHECK(dom0.questions->load() == 0);
}

TEST_CASE("without xenstored the known tapdisks count on") {
  Dom0WithTapdisk dom0;
  (void)dom0.poll();
  dom0.live = false;
  dom0.xenstored = false;
  write_tapdisk(dom0.host, 4242, 1, kDisk, {.rd_req = 12});
  (void)value_of(dom0.vms->list());
  CHECK(disk_of(dom0.poll(), "51728").counters->rd_req == 12);
}

} // namespace sfa::xen_tapdisk_test
