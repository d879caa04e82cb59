#include "guests/vm_totals.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace sfa::guests {

namespace {

sflow::HostDescr describe(const VmReading& reading) {
  return sflow::HostDescr{.hostname = reading.name.substr(0, sflow::HostDescr::kMaxHostname),
                          .uuid = reading.uuid,
                          .machine_type = reading.machine_type,
                          .os_name = reading.os_name,
                          .os_release = reading.os_release.substr(0, sflow::HostDescr::kMaxOsRelease)};
}

// The MAC is the guest's. The ifIndex is that of the switch port on the host: it joins this sample with the
// samples of the port.
sflow::HostAdapters adapters(const std::vector<VmNic>& nics) {
  sflow::HostAdapters result;
  for (const auto& nic : nics) {
    if (nic.mac && result.adapters.size() < sflow::HostAdapters::kMaxAdapters) {
      result.adapters.push_back({.if_index = nic.if_index, .mac_addresses = {*nic.mac}});
    }
  }
  return result;
}

} // namespace

std::vector<sflow::CounterBlock> VmTotals::blocks(const VmReading& reading) {
  std::vector<sflow::CounterBlock> blocks{
      describe(reading),
      sflow::HostParent{.container_type = 2, .container_index = 1}}; // the host's data source
  if (reading.cpu) {
    blocks.emplace_back(virt_cpu(*reading.cpu));
  }
  if (reading.memory) {
    blocks.emplace_back(
        sflow::VirtMemory{.memory = reading.memory->bytes, .max_memory = reading.memory->max_bytes});
  }
  if (auto found = adapters(reading.nics); !found.adapters.empty()) {
    blocks.insert(blocks.begin() + 1, std::move(found));
  }
  if (reading.disks) {
    seen_disks_ = seen_disks_ || !reading.disks->empty();
    if (seen_disks_) {
      blocks.emplace_back(disk_io(*reading.disks));
    }
  }
  seen_nics_ = seen_nics_ ||
               std::ranges::any_of(reading.nics, [](const VmNic& nic) { return nic.counters.has_value(); });
  if (seen_nics_) {
    blocks.emplace_back(net_io(reading.nics));
  }
  return blocks;
}

void VmTotals::source_changed() {
  cpu_time_.start_over = true;
  disk_total_.start_over = true;
  nic_total_.start_over = true;
}

sflow::VirtCpu VmTotals::virt_cpu(const VmCpu& cpu) {
  constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
  const auto total = cpu_time_.advance({{"", {cpu.time_ns}}}).nanoseconds;
  return sflow::VirtCpu{.state = cpu.state,
                        .cpu_time = static_cast<std::uint32_t>(total / kNanosecondsPerMillisecond),
                        .nr_virt_cpu = cpu.count};
}

sflow::VirtDiskIo VmTotals::disk_io(const std::vector<VmDisk>& disks) {
  sflow::VirtDiskIo result;
  std::map<std::string, VmDiskCounters> counters;
  for (const auto& disk : disks) {
    result.capacity += disk.capacity;
    result.allocation += disk.allocation;
    result.available += disk.physical;
    seen_disk_errors_ = seen_disk_errors_ || disk.counts_errors;
    if (disk.counters) {
      counters[disk.device] = *disk.counters;
    }
  }
  const auto& total = disk_total_.advance(counters);
  result.rd_req = static_cast<std::uint32_t>(total.rd_req);
  result.rd_bytes = total.rd_bytes;
  result.wr_req = static_cast<std::uint32_t>(total.wr_req);
  result.wr_bytes = total.wr_bytes;
  result.errs = seen_disk_errors_ ? static_cast<std::uint32_t>(total.errs) : sflow::kUnknown32;
  return result;
}

sflow::VirtNetIo VmTotals::net_io(const std::vector<VmNic>& nics) {
  std::map<std::string, VmNicCounters> counters;
  for (const auto& nic : nics) {
    if (nic.counters) {
      counters[nic.device] = *nic.counters;
    }
  }
  const auto& total = nic_total_.advance(counters);
  return sflow::VirtNetIo{.rx_bytes = total.rx_bytes,
                          .rx_packets = static_cast<std::uint32_t>(total.rx_packets),
                          .rx_errs = static_cast<std::uint32_t>(total.rx_errs),
                          .rx_drop = static_cast<std::uint32_t>(total.rx_drop),
                          .tx_bytes = total.tx_bytes,
                          .tx_packets = static_cast<std::uint32_t>(total.tx_packets),
                          .tx_errs = static_cast<std::uint32_t>(total.tx_errs),
                          .tx_drop = static_cast<std::uint32_t>(total.tx_drop)};
}

} // namespace sfa::guests
