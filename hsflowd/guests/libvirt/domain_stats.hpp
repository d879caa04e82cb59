// libvirt's bulk statistics as values. The names are those that the documentation of
// virConnectGetAllDomainStats lists for VIR_DOMAIN_STATS_INTERFACE and VIR_DOMAIN_STATS_BLOCK.
#pragma once

#include "guests/vm_source.hpp"

#include <cstdint>
#include <libvirt/libvirt.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfa::guests {

// One virtual NIC: libvirt gives every kind of it as the guest sees it.
struct NicStats {
  std::string name; // the device on the host
  VmNicCounters counters;

  bool operator==(const NicStats&) const = default;
};
[[nodiscard]] std::vector<NicStats> nic_stats(std::span<const virTypedParameter> params);

// Disks of all kinds: files, block devices, volumes, and those on a network. Nothing when the disks are there
// but not what they count, which only QEMU knows.
[[nodiscard]] std::optional<std::vector<VmDisk>> disk_stats(std::span<const virTypedParameter> params);

// The one disk that can count anything when there is but one: others are drives without a medium, which have
// no capacity. Nothing when there are several.
[[nodiscard]] VmDisk* find_only_disk(std::span<VmDisk> disks);

// virDomainState as virt_cpu's state, which ends at 6: suspended by the guest (7) is paused.
[[nodiscard]] std::uint32_t domain_state(int state);

} // namespace sfa::guests
