// The file systems that hold this host's data, and their usage.
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
// mountinfo distinguishes the file system from the mount, and /mounts does not: a service whose root is
// mounted read-only (ProtectSystem= in systemd.exec(5)) still sees which file systems are writable.
[[nodiscard]] Result<std::vector<Mount>> parse_mountinfo(std::string_view text);

// proc/filesystems: the types that need a block device, that is, those not marked "nodev".
[[nodiscard]] Result<std::set<std::string>> parse_block_file_systems(std::string_view text);

// Sums over all writable file systems on block devices; each counts once, however often it is mounted. Left
// out:
// - file systems in an image file (loop devices), whose space belongs to the file system with the image;
// - network file systems, because statvfs(3) does not return while their server is dead;
// - ZFS, which is not on one block device.
struct DiskSpace {
  std::uint64_t total = 0;     // bytes
  std::uint64_t available = 0; // bytes, to users other than root, as in df(1)
  std::uint32_t max_used = 0;  // of the fullest one, percent x 100 of the space for users, as in df(1)

  bool operator==(const DiskSpace&) const = default;
};
[[nodiscard]] Result<DiskSpace> read_disk_space(const SysRoot& root);

} // namespace sfa::host
