#include "guests/cgroups/disk_stack.hpp"

#include "common/text.hpp"
#include "host/mounts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace sfa::guests {

namespace {

// The number of the whole disk: io.stat knows no partitions.
std::string whole_disk(const host::SysRoot& root, const std::string& directory, const std::string& name) {
  if (root.exists(directory + "/partition")) {
    for (const auto& disk : root.list("sys/block")) {
      if (root.exists(fmt::format("sys/block/{}/{}", disk, name))) {
        return root.attribute(fmt::format("sys/block/{}/dev", disk));
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
  if (!table || !*table) {
    return {};
  }
  const host::Mount* best = nullptr;
  for (const auto& mount : (*table)->mounts) {
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
  const auto file = root.attribute(fmt::format("sys/dev/block/{}/loop/backing_file", device));
  const auto number = file.empty() ? std::string() : device_of_file(root, file);
  if (number.empty()) {
    return {};
  }
  const auto directory = "sys/dev/block/" + number;
  return whole_disk(root, directory, device_name(root, directory));
}

// The devices that a device is made of.
std::set<std::string> parts_of(const host::SysRoot& root, const std::string& device) {
  const auto slaves = fmt::format("sys/dev/block/{}/slaves", device);
  std::set<std::string> parts{disk_below_loop(root, device)};
  for (const auto& name : root.list(slaves)) {
    parts.insert(whole_disk(root, fmt::format("{}/{}", slaves, name), name));
  }
  parts.erase("");
  return parts;
}

// An array of md(4), or a mirrored or RAID volume of LVM, which reserves these names for its images (lvm(8)).
bool is_array(const host::SysRoot& root, const std::string& device) {
  const auto directory = "sys/dev/block/" + device;
  if (root.exists(directory + "/md")) {
    return true;
  }
  return std::ranges::any_of(root.list(directory + "/slaves"), [&](const std::string& slave) {
    const auto name = root.attribute(fmt::format("{}/slaves/{}/dm/name", directory, slave));
    return name.find("_rimage_") != std::string::npos || name.find("_mimage_") != std::string::npos;
  });
}

} // namespace

const DiskStack::Below& DiskStack::below(const host::SysRoot& root, const std::string& device,
                                         unsigned depth) {
  constexpr unsigned kDeepest = 16;
  const auto known = known_.find(device);
  if (known != known_.end()) {
    return known->second;
  }
  auto& all = known_[device]; // empty until it is known, which ends a circle
  const auto parts = depth < kDeepest ? parts_of(root, device) : std::set<std::string>();
  auto& own = is_array(root, device) ? all.members : all.disks;
  for (const auto& part : parts) {
    const auto& further = below(root, part, depth + 1);
    own.insert(part);
    own.insert(further.disks.begin(), further.disks.end());
    all.members.insert(further.members.begin(), further.members.end());
  }
  all.disks.erase(device);
  all.members.erase(device);
  return all;
}

std::vector<VmDisk> DiskStack::lowest(const host::SysRoot& root, const CgroupDisks& disks) {
  std::set<std::string> members;
  std::set<std::string> above;
  for (const auto& disk : disks) {
    const auto& parts = below(root, disk.first, 0);
    members.insert(parts.members.begin(), parts.members.end());
    if (std::ranges::any_of(parts.disks, [&](const auto& part) { return disks.contains(part); })) {
      above.insert(disk.first);
    }
  }
  std::vector<VmDisk> result;
  for (const auto& [device, counters] : disks) {
    if (!above.contains(device) && !members.contains(device)) {
      result.push_back({.device = device, .counters = counters});
    }
  }
  return result;
}

} // namespace sfa::guests
