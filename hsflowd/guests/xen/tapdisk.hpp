// Disks that tapdisk serves, a process in dom0 (blktap3): the usual disks of XCP-ng and XenServer. The kernel
// counts nothing of them. tapdisk publishes its counters in two files of shared memory for each disk:
//
//   /dev/shm/td3-PID/vbd-DOMAIN-DEVICE         blktap's drivers/tapdisk-metrics-stats.h
//   /dev/shm/vbd3-DOMAIN-DEVICE/statistics     blktap's include/blktap3.h; older
//
// Both are a struct of C in the byte order of the host, followed by zeros up to a page.
#pragma once

#include "guests/vm_source.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

namespace sfa::guests {

// The unit of tapdisk's counters and of the size in xenstore, also for disks with larger sectors (Xen's
// io/blkif.h since 4.20, "sectors"; it was ambiguous before).
inline constexpr std::uint64_t kTapdiskSectorSize = 512;

// What xenstore has about a back end of type vbd3.
struct Tapdisk {
  std::optional<std::uint32_t> pid =
      {};                     // nullopt: not running yet, or a drive without a medium, or an old one
  std::uint64_t capacity = 0; // bytes; 0 = unknown
};

// Requests count when they are submitted, as in the kernel's own back end.
struct TapdiskStatistics {
  VmDiskCounters counters = {};
  bool counts_errors = false;

  bool operator==(const TapdiskStatistics&) const = default;
};

// The two layouts. More bytes than the struct has are ignored. nullopt: tapdisk has made the file, but not
// yet written its version.
[[nodiscard]] Result<std::optional<TapdiskStatistics>>
parse_tapdisk_statistics(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<TapdiskStatistics> parse_older_tapdisk_statistics(std::span<const std::uint8_t> bytes);

// The devices of these domains with a directory /dev/shm/vbd3-DOMAIN-DEVICE of root's, by domain id: tapdisk
// makes it when it connects to the domain. Only a reason to ask xenstore: with 65,536 entries of other
// users, a directory may not be found.
[[nodiscard]] std::map<std::uint32_t, std::set<std::uint32_t>>
find_tapdisks(const host::SysRoot& root, const std::set<std::uint32_t>& domains);

// Of the newer layout if it can be read, which needs the process, otherwise of the older one. nullopt if
// there is neither: no tapdisk serves the disk now, or another one does, or it has just begun.
[[nodiscard]] Result<std::optional<TapdiskStatistics>> read_tapdisk(const host::SysRoot& root,
                                                                    std::uint32_t domain,
                                                                    std::uint32_t device,
                                                                    const std::optional<std::uint32_t>& pid);

} // namespace sfa::guests
