// Turns a module's readings of one VM into the blocks of its samples. Totals never fall, even if a device is
// unplugged or if the VM is stopped and started again.
#pragma once

#include "guests/vm_source.hpp"
#include "host/continuous_total.hpp"
#include "sflow/counters.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

class VmTotals {
public:
  // host_descr, host_adapters, host_parent, virt_cpu, virt_memory, virt_disk_io, virt_net_io. Unknown ones
  // are left out. `errs` of disks stays unknown until a disk counts errors.
  // `source` is the backend of the reading. If it is another one than before, it may count the same traffic
  // at another device: totals that the one before has counted continue from the new values. While it has a
  // problem, some devices may be missing, and would jump later: such totals wait for ten readings.
  [[nodiscard]] std::vector<sflow::CounterBlock> blocks(const VmReading& reading, std::string_view source);

private:
  // Where a reading comes from.
  struct From {
    std::string_view source;
    bool complete = true;
  };

  struct CpuTime {
    std::uint64_t nanoseconds = 0;
    static constexpr std::array kCounters{host::KernelCounter{&CpuTime::nanoseconds, 64U}};
  };

  [[nodiscard]] sflow::VirtCpu virt_cpu(const VmCpu& cpu, From from);
  [[nodiscard]] sflow::VirtDiskIo disk_io(const std::vector<VmDisk>& disks, From from);
  [[nodiscard]] sflow::VirtNetIo net_io(const std::vector<VmNic>& nics, From from);

  template <class Counters>
  struct Total {
    host::ContinuousTotal<Counters> counters;
    std::string source = {}; // of the last counters; empty: there were none
    unsigned incomplete = 0; // readings of another source

    const Counters& advance(const std::map<std::string, Counters>& now, From from) {
      constexpr unsigned kPatience = 10;
      if (now.empty()) {
        return counters.total();
      }
      if (source.empty() || source == from.source) {
        source = from.source;
        return counters.advance(now);
      }
      if (!from.complete && ++incomplete <= kPatience) {
        return counters.total();
      }
      incomplete = 0;
      source = from.source;
      return counters.start_from(now);
    }
  };

  Total<CpuTime> cpu_time_;
  Total<VmDiskCounters> disk_total_;
  Total<VmNicCounters> nic_total_;
  bool seen_nics_ = false; // with counters
  bool seen_disks_ = false;
  bool seen_disk_errors_ = false;
};

} // namespace sfa::guests
