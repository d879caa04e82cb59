// The mounts of this host.
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
  std::string source;    // of the type's own kind: a device, or "rpool/ROOT/pve-1" of ZFS; unescaped
  bool writable = false; // the file system, not this one mount of it

  bool operator==(const Mount&) const = default;
};
// mountinfo distinguishes the file system from the mount, and /mounts does not: a service whose root is
// mounted read-only (ProtectSystem= in systemd.exec(5)) still sees which file systems are writable.
struct Mounts {
  std::vector<Mount> mounts;
  std::string not_a_mount; // the first line that is none, printable; the others count all the same
};
[[nodiscard]] Result<Mounts> parse_mountinfo(std::string_view text);

// proc/filesystems: the types that need a block device, that is, those not marked "nodev".
[[nodiscard]] Result<std::set<std::string>> parse_block_file_systems(std::string_view text);

} // namespace sfa::host
