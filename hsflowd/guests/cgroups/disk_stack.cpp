#include "guests/cgroups/disk_stack.hpp"

#include <algorithm>

namespace sfa::guests {

namespace {

constexpr std::string_view kLoop = "7:"; // the kernel's admin-guide/devices

// The number of the whole disk: io.stat knows no partitions.
std::string whole_disk(const host::SysRoot& root, const std::string& directory, const std::string& name) {
  if (root.exists(directory + "/partition")) {
    for (const auto& disk : root.list("sys/block")) {
      if (root.exists("sys/block/" + disk + "/" + name)) {
        return root.attribute("sys/block/" + disk + "/dev");
      }
    }
  }
  return root.attribute(directory + "/dev");
}

} // namespace

const std::set<std::string>& DiskStack::below(const host::SysRoot& root, const std::string& device,
                                              unsigned depth) {
  constexpr unsigned kDeepest = 16;
  const auto known = below_.find(device);
  if (known != below_.end()) {
    return known->second;
  }
  auto& all = below_[device]; // empty until it is known, which ends a circle
  const auto slaves = "sys/dev/block/" + device + "/slaves";
  for (const auto& name : depth < kDeepest ? root.list(slaves) : std::vector<std::string>()) {
    const auto disk = whole_disk(root, slaves + "/" + name, name);
    if (disk.empty()) {
      continue;
    }
    const auto& further = below(root, disk, depth + 1);
    all.insert(further.begin(), further.end());
    all.insert(disk);
  }
  all.erase(device);
  return all;
}

std::vector<VmDisk> DiskStack::lowest(const host::SysRoot& root, const CgroupDisks& disks) {
  const bool only_loops =
      std::ranges::all_of(disks, [](const auto& disk) { return disk.first.starts_with(kLoop); });
  std::vector<VmDisk> result;
  for (const auto& [device, counters] : disks) {
    const auto& others = below(root, device, 0);
    const bool counted = std::ranges::any_of(others, [&](const auto& one) { return disks.contains(one); }) ||
                         (!only_loops && device.starts_with(kLoop));
    if (!counted) {
      result.push_back({.device = device, .counters = counters});
    }
  }
  return result;
}

} // namespace sfa::guests
