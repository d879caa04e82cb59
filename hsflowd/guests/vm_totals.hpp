// Turns a module's readings of one VM into the blocks of its samples. Totals never fall, even if a device is
// unplugged or if the VM is stopped and started again.
#pragma once

#include "guests/vm_source.hpp"
#include "host/continuous_total.hpp"
#include "sflow/counters.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace sfa::guests {

class VmTotals {
public:
  // host_descr, host_adapters, host_parent, virt_cpu, virt_memory, virt_disk_io, virt_net_io. Unknown ones
  // are left out. `errs` of disks stays unknown until a disk counts errors.
  [[nodiscard]] std::vector<sflow::CounterBlock> blocks(const VmReading& reading);

private:
  struct CpuTime {
    std::uint64_t nanoseconds = 0;
    static constexpr std::array kCounters{host::KernelCounter{&CpuTime::nanoseconds, 64U}};
  };

  [[nodiscard]] sflow::VirtCpu virt_cpu(const VmCpu& cpu);
  [[nodiscard]] sflow::VirtDiskIo disk_io(const std::vector<VmDisk>& disks);
  [[nodiscard]] sflow::VirtNetIo net_io(const std::vector<VmNic>& nics);

  host::ContinuousTotal<CpuTime> cpu_time_;
  host::ContinuousTotal<VmDiskCounters> disk_total_;
  host::ContinuousTotal<VmNicCounters> nic_total_;
  bool seen_nics_ = false; // with counters
  bool seen_disks_ = false;
  bool seen_disk_errors_ = false;
};

} // namespace sfa::guests
