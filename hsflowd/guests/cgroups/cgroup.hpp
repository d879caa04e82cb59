// What a control group says about the guest that lives in it. Every file of it is readable for everybody.
#pragma once

#include "guests/cgroups/cgroup_files.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sfa::guests {

// The mount point of the cgroup v2 hierarchy, relative to the root; empty on a host that has only version 1.
// On a hybrid host, controllers are in version 1, so most files of a group are absent.
[[nodiscard]] std::string find_cgroup2(const host::SysRoot& root);

struct CgroupReading {
  CgroupEvents events = {};
  // nullopt: the controller is off
  std::optional<std::uint64_t> cpu_ns = {};
  std::optional<std::uint64_t> memory = {}; // bytes, without page cache that is reclaimed first
  std::optional<CgroupDisks> disks = {};
  std::string problem = {}; // of the first file that is malformed; what it has is left out

  bool operator==(const CgroupReading&) const = default;
};

// `directory` is that of the group. nullopt if there is no such group, or no process in it.
[[nodiscard]] std::optional<CgroupReading> read_cgroup(const host::SysRoot& root,
                                                       const std::string& directory);

// The CPUs that a group may use: its quota, or the CPUs of its set, or those of the host; 0 if unknown.
[[nodiscard]] std::uint32_t read_cpu_limit(const host::SysRoot& root, const std::string& directory);

// memory.max; nullopt without a limit.
[[nodiscard]] std::optional<std::uint64_t> read_memory_limit(const host::SysRoot& root,
                                                             const std::string& directory);

} // namespace sfa::guests
