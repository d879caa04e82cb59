// host_disk_io: what the disks of this host moved, and how full its file systems are.
#pragma once

#include "common/result.hpp"
#include "host/continuous_total.hpp"
#include "sources/counter_source.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace sfa::sources {

// One line of proc/diskstats; its fields have no names, only places (the kernel's admin-guide/iostats).
struct DiskCounters {
  std::uint64_t reads = 0;        // completed
  std::uint64_t sectors_read = 0; // of 512 bytes, whatever the disk's own sectors are
  std::uint64_t read_ms = 0;      // summed over requests, so it may go faster than time does
  std::uint64_t writes = 0;
  std::uint64_t sectors_written = 0;
  std::uint64_t write_ms = 0;

  static constexpr std::array kCounters{host::KernelCounter{&DiskCounters::reads, host::kLongBits},
                                        host::KernelCounter{&DiskCounters::sectors_read, host::kLongBits},
                                        host::KernelCounter{&DiskCounters::read_ms, 32U},
                                        host::KernelCounter{&DiskCounters::writes, host::kLongBits},
                                        host::KernelCounter{&DiskCounters::sectors_written, host::kLongBits},
                                        host::KernelCounter{&DiskCounters::write_ms, 32U}};
  bool operator==(const DiskCounters&) const = default;
};
// By name of the device; disks and partitions alike.
[[nodiscard]] Result<std::map<std::string, DiskCounters>> parse_diskstats(std::string_view text);

// Names of the whole disks that the host has, each once:
// - what has a `device` in sys/block, that is, hardware or a paravirtual disk (vda, xvda); not partitions,
//   which are not in sys/block, nor what is stacked on disks (dm, md, loop, zram);
// - of an NVMe multipath disk (nvme0n1) not the hidden paths below it (nvme0c1n1), or in its place all of
// them
//   where it does not count its requests itself, as none did before Linux 6.4;
// - of a disk that device-mapper multipath reaches over several paths, the dm device in place of all the
//   paths.
[[nodiscard]] std::set<std::string> physical_disks(const host::SysRoot& root);

// Counters are unknown on a host without disks of its own, as in a container. Nothing when it has no writable
// file system on a block device either.
[[nodiscard]] std::unique_ptr<CounterSource> make_disk_io_source();

} // namespace sfa::sources
