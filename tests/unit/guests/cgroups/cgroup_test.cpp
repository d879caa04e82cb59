#include "guests/cgroups/cgroup.hpp"

#include "guests/cgroups/disk_stack.hpp"
#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace sfa::cgroup_test {

using namespace guests;
using namespace test;

namespace {

constexpr const char* kGroup = "sys/fs/cgroup/a.scope";

void write_group(const TemporaryHost& host) {
  const std::string group = kGroup;
  host.write(group + "/cgroup.events", "populated 1\nfrozen 0\n");
  host.write(group + "/cpu.stat", "usage_usec 5\n");
  host.write(group + "/memory.current", "1000\n");
  host.write(group + "/memory.stat", "inactive_file 300\n");
  host.write(group + "/io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n");
}

std::vector<std::string> devices(const std::vector<VmDisk>& disks) {
  std::vector<std::string> names;
  std::ranges::transform(disks, std::back_inserter(names), &VmDisk::device);
  return names;
}

CgroupDisks moved_by(const std::vector<std::string>& names) {
  CgroupDisks disks;
  for (const auto& name : names) {
    disks[name] = {.rd_req = 1};
  }
  return disks;
}

} // namespace

TEST_CASE("a control group has CPU time, memory without reclaimable cache, and disks") {
  const TemporaryHost host;
  write_group(host);
  const auto reading = read_cgroup(host.root(), kGroup);
  REQUIRE(reading);
  CHECK(reading->cpu_ns == 5000U);
  CHECK(reading->memory == 700U);
  REQUIRE(reading->disks);
  CHECK(reading->disks->at("8:0").wr_bytes == 2);
  CHECK(reading->problem.empty());
}

TEST_CASE("a control group without a process, or that is gone, has nothing") {
  const TemporaryHost host;
  CHECK_FALSE(read_cgroup(host.root(), kGroup));
  write_group(host);
  host.write(std::string(kGroup) + "/cgroup.events", "populated 0\nfrozen 0\n");
  CHECK_FALSE(read_cgroup(host.root(), kGroup));
}

TEST_CASE("what a controller that is off would count is unknown") {
  const TemporaryHost host;
  write_group(host);
  host.remove(std::string(kGroup) + "/io.stat");
  host.remove(std::string(kGroup) + "/memory.current");
  const auto reading = read_cgroup(host.root(), kGroup);
  REQUIRE(reading);
  CHECK(reading->cpu_ns);
  CHECK_FALSE(reading->memory);
  CHECK_FALSE(reading->disks);
  CHECK(reading->problem.empty());
}

TEST_CASE("a malformed file of a control group costs what it has, and is named") {
  const TemporaryHost host;
  write_group(host);
  host.write(std::string(kGroup) + "/cpu.stat", "what\n");
  const auto reading = read_cgroup(host.root(), kGroup);
  REQUIRE(reading);
  CHECK_FALSE(reading->cpu_ns);
  CHECK(reading->memory == 700U);
  CHECK(reading->problem == "sys/fs/cgroup/a.scope/cpu.stat: no number usage_usec");
}

TEST_CASE("the CPUs of a control group are those of its quota, else of its set, else of the host") {
  const TemporaryHost host;
  CHECK(read_cpu_limit(host.root(), kGroup) == 0);
  host.write("sys/devices/system/cpu/online", "0-7\n");
  CHECK(read_cpu_limit(host.root(), kGroup) == 8);
  host.write(std::string(kGroup) + "/cpuset.cpus.effective", "0-3\n");
  host.write(std::string(kGroup) + "/cpu.max", "max 100000\n");
  CHECK(read_cpu_limit(host.root(), kGroup) == 4);
  host.write(std::string(kGroup) + "/cpu.max", "250000 100000\n");
  CHECK(read_cpu_limit(host.root(), kGroup) == 3);
}

TEST_CASE("the hierarchy of cgroup v2 is found, also on a hybrid host") {
  const TemporaryHost host;
  CHECK(find_cgroup2(host.root()).empty());
  host.write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
  CHECK(find_cgroup2(host.root()) == "sys/fs/cgroup/unified");
  host.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  CHECK(find_cgroup2(host.root()) == "sys/fs/cgroup");
}

TEST_CASE("a request that passes a stack of devices counts once, at the lowest one") {
  const SysRoot root(fixtures_directory() / "proxmox");
  DiskStack stack;
  CHECK(devices(stack.lowest(root, moved_by({"253:5", "253:1", "8:0"}))) == std::vector<std::string>{"8:0"});
  CHECK(devices(stack.lowest(root, moved_by({"253:5", "8:0"}))) == std::vector<std::string>{"8:0"});
  CHECK(devices(stack.lowest(root, moved_by({"253:5", "253:1"}))) == std::vector<std::string>{"253:1"});
  CHECK(devices(stack.lowest(root, moved_by({"253:5", "8:16"}))) ==
        std::vector<std::string>{"253:5", "8:16"});
}

TEST_CASE("a loop device counts unless the disk of its file does") {
  const SysRoot root(fixtures_directory() / "proxmox");
  DiskStack stack;
  CHECK(devices(stack.lowest(root, moved_by({"7:0", "8:0"}))) == std::vector<std::string>{"8:0"});
  CHECK(devices(stack.lowest(root, moved_by({"7:0", "8:16"}))) == std::vector<std::string>{"7:0", "8:16"});
  // Its file is on NFS.
  CHECK(devices(stack.lowest(root, moved_by({"7:1", "8:0"}))) == std::vector<std::string>{"7:1", "8:0"});
  CHECK(devices(stack.lowest(root, moved_by({"7:2", "8:0"}))) == std::vector<std::string>{"7:2", "8:0"});
}

TEST_CASE("devices that claim to be below each other end the search") {
  const TemporaryHost host;
  host.write("sys/dev/block/253:0/slaves/dm-1/dev", "253:1\n");
  host.write("sys/dev/block/253:1/slaves/dm-0/dev", "253:0\n");
  DiskStack stack;
  CHECK(stack.lowest(host.root(), moved_by({"253:0", "8:0"})).size() == 2);
}

} // namespace sfa::cgroup_test
