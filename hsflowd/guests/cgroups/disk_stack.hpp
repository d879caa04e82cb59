// Which of a control group's disks are on top of others. The kernel counts a request once for each device
// that it passes: a loop device, a logical volume, the array below, and each disk of that. The disks of an
// array count other numbers than the guest has caused: each disk of a mirror counts each write, some kernels
// count requests of RAID 0 there without their bytes, and for RAID 5 a thread of the kernel writes.
#pragma once

#include "guests/cgroups/cgroup_files.hpp"
#include "host/sys_root.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sfa::guests {

class DiskStack {
public:
  // The disks that no other one of `disks` is below, so that each request counts once. Below an array there
  // is nothing, and its members are left out.
  [[nodiscard]] std::vector<VmDisk> lowest(const host::SysRoot& root, const CgroupDisks& disks);

  // The next call reads sysfs again: storage may have been moved.
  void forget() { known_.clear(); }

private:
  // By numbers, as "253:0".
  struct Below {
    std::set<std::string> disks = {};
    std::set<std::string> members = {}; // all that is below arrays
  };
  const Below& below(const host::SysRoot& root, const std::string& device, unsigned depth);

  std::map<std::string, Below> known_;
};

} // namespace sfa::guests
