// libvirt's bulk statistics as values. The documentation of virConnectGetAllDomainStats lists the names, for
// VIR_DOMAIN_STATS_INTERFACE and VIR_DOMAIN_STATS_BLOCK.
#pragma once

#include "guests/vm_source.hpp"

#include <cstdint>
#include <libvirt/libvirt.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfa::guests {

// One virtual NIC. libvirt returns every kind from the guest's point of view.
struct NicStats {
  std::string name; // the device on the host
  VmNicCounters counters;

  bool operator==(const NicStats&) const = default;
};
[[nodiscard]] std::vector<NicStats> nic_stats(std::span<const virTypedParameter> params);

// Disks of all kinds: files, block devices, volumes, network disks. nullopt if there are disks without
// counters, which only QEMU knows.
[[nodiscard]] std::optional<std::vector<VmDisk>> disk_stats(std::span<const virTypedParameter> params);

// The only disk that can have counters; null if there are several. A drive without a medium cannot: its
// capacity is 0.
[[nodiscard]] VmDisk* find_only_disk(std::span<VmDisk> disks);

// virDomainState as virt_cpu's state, whose values end at 6. A domain that the guest suspended (7) is paused.
[[nodiscard]] std::uint32_t domain_state(int state);

} // namespace sfa::guests
