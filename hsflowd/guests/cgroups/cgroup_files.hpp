// Parsers of the files of a control group (the kernel's admin-guide/cgroup-v2).
#pragma once

#include "common/result.hpp"
#include "guests/vm_source.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sfa::guests {

// cgroup.events.
struct CgroupEvents {
  bool populated = false; // a process lives in it or below it
  bool frozen = false;

  bool operator==(const CgroupEvents&) const = default;
};
[[nodiscard]] Result<CgroupEvents> parse_cgroup_events(std::string_view text);

// usage_usec of cpu.stat, in nanoseconds. Every group has it, also without the cpu controller.
[[nodiscard]] Result<std::uint64_t> parse_cpu_usage(std::string_view text);

// cpu.max: the number of CPUs that the quota is worth, rounded up; nullopt if there is no limit.
[[nodiscard]] Result<std::optional<std::uint32_t>> parse_cpu_max(std::string_view text);

// The number of CPUs in a list such as "0-3,8", as in cpuset.cpus.effective and
// sys/devices/system/cpu/online.
[[nodiscard]] Result<std::uint32_t> parse_cpu_count(std::string_view text);

// memory.current or memory.max, in bytes; nullopt for "max".
[[nodiscard]] Result<std::optional<std::uint64_t>> parse_memory_bytes(std::string_view text);

// inactive_file of memory.stat: page cache that the kernel reclaims first, in bytes.
[[nodiscard]] Result<std::uint64_t> parse_inactive_file(std::string_view text);

// io.stat, by device ("8:0"). It counts no errors. A device without counters is left out. Some kernels write
// the number of such a device and no line end after it.
using CgroupDisks = std::map<std::string, VmDiskCounters>;
[[nodiscard]] Result<CgroupDisks> parse_io_stat(std::string_view text);

} // namespace sfa::guests
