// Which of a control group's disks are on top of others. The kernel counts a request once for each device
// that it passes: a loop device, a logical volume, the array below, and each disk of that.
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
  // The disks that no other one of `disks` is below, so that each request counts once.
  [[nodiscard]] std::vector<VmDisk> lowest(const host::SysRoot& root, const CgroupDisks& disks);

  // The next call reads sysfs again: storage may have been moved.
  void forget() { below_.clear(); }

private:
  // By numbers, as "253:0".
  const std::set<std::string>& below(const host::SysRoot& root, const std::string& device, unsigned depth);

  std::map<std::string, std::set<std::string>> below_;
};

} // namespace sfa::guests
