// Which guests of Proxmox VE run, from files that everybody may read:
// - a VM has a pid file (which a crash leaves behind) and a populated scope, qemu.slice/<VMID>.scope;
// - a container has the populated group lxc/<VMID>.
#pragma once

#include "guests/proxmox/guest_key.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace sfa::guests {

inline constexpr const char* kPidFiles = "run/qemu-server";

struct RunningGuest {
  std::string cgroup = {}; // directory; empty without cgroup v2
  // Another run of the guest, or of another guest that has got its VMID, differs in one of them.
  std::uint64_t cgroup_inode = 0;
  std::optional<host::SysRoot::Version> pid_file = {};

  bool operator==(const RunningGuest&) const = default;
};
using RunningGuests = std::map<GuestKey, RunningGuest>;

struct GuestSearch {
  RunningGuests running = {};
  // Inodes of groups without a process: a guest that has just stopped, or that is about to start, which
  // inotify(7) does not report.
  std::set<std::uint64_t> empty_groups = {};
};

// `cgroups` is what find_cgroup2() returned. If that is empty, each VM with a pid file counts, and containers
// are not found.
[[nodiscard]] GuestSearch find_running_guests(const host::SysRoot& root, const std::string& cgroups);

} // namespace sfa::guests
