// From what a module reads of one VM to the blocks of its sample. Totals never fall, whatever is unplugged,
// and also when the VM is stopped and started again.
#pragma once

#include "sflow/counters.hpp"
#include "sources/continuous_total.hpp"
#include "vms/vm_source.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace sfa {

class VmTotals {
public:
  // host_descr, host_adapters, host_parent, virt_cpu, virt_memory, virt_disk_io, virt_net_io: without those
  // of which nothing is known. Disks of a kind that never counted errors leave `errs` unknown.
  [[nodiscard]] std::vector<CounterBlock> blocks(const VmReading& reading);

private:
  struct CpuTime {
    std::uint64_t nanoseconds = 0;
    static constexpr std::array kCounters{KernelCounter{&CpuTime::nanoseconds, 64U}};
  };

  [[nodiscard]] VirtCpu cpu(const VmReading& reading);
  [[nodiscard]] VirtDiskIo disk_io(const std::vector<VmDisk>& disks);
  [[nodiscard]] VirtNetIo net_io(const std::vector<VmNic>& nics);

  ContinuousTotal<CpuTime> cpu_time_;
  ContinuousTotal<VmDiskCounters> disk_total_;
  ContinuousTotal<VmNicCounters> nic_total_;
  bool seen_nics_ = false; // with counters
  bool seen_disks_ = false;
  bool seen_disk_errors_ = false;
};

} // namespace sfa
