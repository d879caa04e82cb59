#include "guests/cgroups/disk_stack.hpp"

#include "common/text.hpp"
#include "host/mounts.hpp"

#include <algorithm>
#include <string_view>

namespace sfa::guests {

namespace {

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

bool is_below(const std::string& path, const std::string& directory) {
  return directory == "/" || path == directory || path.starts_with(directory + "/");
}

// The number of the block device of the file system that a file is on; of another number if it has none. The
// file itself is not asked: its file system may hang.
std::string device_of_file(const host::SysRoot& root, const std::string& path) {
  const auto table = host::parse_file(root, "proc/self/mountinfo", host::parse_mountinfo);
  const host::Mount* best = nullptr;
  for (const auto& mount : table&&* table ? (*table)->mounts : std::vector<host::Mount>()) {
    // A later mount hides an earlier one.
    if (is_below(path, mount.point) && (best == nullptr || mount.point.size() >= best->point.size())) {
      best = &mount;
    }
  }
  return best == nullptr ? std::string() : best->device;
}

// The kernel's name of a device, "sda3".
std::string device_name(const host::SysRoot& root, const std::string& directory) {
  constexpr std::string_view kKey = "DEVNAME=";
  const auto text = root.attribute(directory + "/uevent");
  for (const auto line : lines(text)) {
    if (line.starts_with(kKey)) {
      return std::string(line.substr(kKey.size()));
    }
  }
  return {};
}

// The disk below a loop device: since Linux 5.14, what goes through it is charged to the same group again.
std::string disk_below_loop(const host::SysRoot& root, const std::string& device) {
  const auto file = root.attribute("sys/dev/block/" + device + "/loop/backing_file");
  const auto number = file.empty() ? std::string() : device_of_file(root, file);
  if (number.empty()) {
    return {};
  }
  const auto directory = "sys/dev/block/" + number;
  return whole_disk(root, directory, device_name(root, directory));
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
  std::set<std::string> next{disk_below_loop(root, device)};
  for (const auto& name : root.list(slaves)) {
    next.insert(whole_disk(root, slaves + "/" + name, name));
  }
  next.erase("");
  for (const auto& disk : depth < kDeepest ? next : std::set<std::string>()) {
    const auto& further = below(root, disk, depth + 1);
    all.insert(further.begin(), further.end());
    all.insert(disk);
  }
  all.erase(device);
  return all;
}

std::vector<VmDisk> DiskStack::lowest(const host::SysRoot& root, const CgroupDisks& disks) {
  std::vector<VmDisk> result;
  for (const auto& [device, counters] : disks) {
    const auto& others = below(root, device, 0);
    const bool counted_below =
        std::ranges::any_of(others, [&](const auto& one) { return disks.contains(one); });
    if (!counted_below) {
      result.push_back({.device = device, .counters = counters});
    }
  }
  return result;
}

} // namespace sfa::guests
