// Which file systems hold this host's data, and how full they are.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::host {

// One line of proc/PID/mountinfo (proc(5)).
struct Mount {
  std::string device; // MAJOR:MINOR of the file system, the same for all its mounts
  std::string point;  // absolute path, unescaped
  std::string type;
  bool writable = false; // the file system, not this one mount of it

  bool operator==(const Mount&) const = default;
};
// mountinfo and not mounts, because it tells the file system from the mount: a service whose root is mounted
// read-only (ProtectSystem= in systemd.exec(5)) still sees which file systems are writable.
[[nodiscard]] Result<std::vector<Mount>> parse_mountinfo(std::string_view text);

// proc/filesystems: the types that live on a block device, that is, those not marked "nodev".
[[nodiscard]] Result<std::set<std::string>> parse_block_file_systems(std::string_view text);

// Over all writable file systems on block devices, each counted once however often it is mounted. File
// systems in an image file (loop devices) are left out, since their space is in the file system that holds
// the image. Network file systems are never asked, since statvfs(3) of a dead server does not return. ZFS is
// not on one block device: left out.
struct DiskSpace {
  std::uint64_t total = 0;     // bytes
  std::uint64_t available = 0; // bytes, to users other than root, as in df(1)
  std::uint32_t max_used = 0;  // of the fullest one, percent x 100 of what users can have, as in df(1)

  bool operator==(const DiskSpace&) const = default;
};
[[nodiscard]] Result<DiskSpace> read_disk_space(const SysRoot& root);

} // namespace sfa::host
