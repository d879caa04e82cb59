// host_memory: main memory and swap space, and how much was moved between them and the disks.
#pragma once

#include "common/result.hpp"
#include "sources/counter_source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sfa::sources {

// proc/meminfo, in bytes. Nothing = this kernel does not have the line: SReclaimable came with 2.6.19, and a
// kernel without swap has no Swap lines.
struct MemInfo {
  std::uint64_t total = 0; // MemTotal
  std::uint64_t free = 0;  // MemFree: not used at all; MemAvailable is something else
  std::optional<std::uint64_t> buffers{}, cached{}, reclaimable{}, swap_total{}, swap_free{};

  bool operator==(const MemInfo&) const = default;
};
[[nodiscard]] Result<MemInfo> parse_meminfo(std::string_view text);

// proc/vmstat, since boot. pgpgin and pgpgout are KiB moved from and to block devices (the kernel halves its
// count of 512-byte sectors, whatever the names say); pswpin and pswpout are pages. host_memory gets them as
// they are, which is what its fields have always held on Linux.
struct VmStat {
  std::optional<std::uint64_t> pgpgin{}, pgpgout{}, pswpin{}, pswpout{};

  bool operator==(const VmStat&) const = default;
};
[[nodiscard]] Result<VmStat> parse_vmstat(std::string_view text);

// mem_shared is 0: Linux gave up MemShared in 2.6, and its Shmem is a part of Cached. mem_cached has the
// reclaimable slabs as free(1) has them. Nothing on a host without proc/meminfo.
[[nodiscard]] std::unique_ptr<CounterSource> make_memory_source();

} // namespace sfa::sources
