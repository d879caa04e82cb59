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
#include <utility>
#include <vector>

namespace sfa::guests {

class VmTotals {
public:
  // host_descr, host_adapters, host_parent, virt_cpu, virt_memory, virt_disk_io, virt_net_io. Unknown ones
  // are left out. `errs` of disks stays unknown until a disk counts errors.
  [[nodiscard]] std::vector<sflow::CounterBlock> blocks(const VmReading& reading);

  // From the next reading on, another backend counts, perhaps the same traffic at another device. What either
  // has counted so far is not counted again.
  void source_changed();

private:
  struct CpuTime {
    std::uint64_t nanoseconds = 0;
    static constexpr std::array kCounters{host::KernelCounter{&CpuTime::nanoseconds, 64U}};
  };

  [[nodiscard]] sflow::VirtCpu virt_cpu(const VmCpu& cpu);
  [[nodiscard]] sflow::VirtDiskIo disk_io(const std::vector<VmDisk>& disks);
  [[nodiscard]] sflow::VirtNetIo net_io(const std::vector<VmNic>& nics);

  template <class Counters>
  struct Total {
    host::ContinuousTotal<Counters> total;
    bool begun = false;
    bool start_over = false;

    const Counters& advance(const std::map<std::string, Counters>& now) {
      const bool over = std::exchange(start_over, false) && begun;
      begun = true;
      return over ? total.start_from(now) : total.advance(now);
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
