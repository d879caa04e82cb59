// The network devices on the host that belong to guests of Proxmox VE. Their names have the guest's VMID and
// the number N of its netN (PVE::Network):
//   tap100i0      the NIC of a VM
//   veth100i0     the host's end of a container's NIC
//   fwln100o0     with firewall=1: the port of the Open vSwitch bridge, behind a bridge of its own
//   fwpr100p0     the same on a Linux bridge
#pragma once

#include "guests/proxmox/guest_key.hpp"
#include "host/host_interfaces.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

struct GuestDeviceName {
  std::uint32_t vmid = 0;
  std::uint32_t net = 0; // N of netN
  // Of the NIC itself, which has the counters; nullopt: the port of its firewall bridge, which sees the same
  // packets again.
  std::optional<GuestKind> nic_of = {};

  bool operator==(const GuestDeviceName&) const = default;
};

// nullopt if the name is another one.
[[nodiscard]] std::optional<GuestDeviceName> parse_guest_device(std::string_view name);

struct GuestDevice {
  GuestDeviceName id;
  host::Interface interface; // name and index
};

class GuestDevices {
public:
  // Follows what the kernel has: sys/class/net is listed, and the ifIndex of a new device is read. Returns
  // the VMIDs of guests with a new device.
  std::set<std::uint32_t> update(const host::SysRoot& root);

  // Reads the ifIndex again. Whether it differs: the device was made anew, or is gone (index 0).
  static bool check(const host::SysRoot& root, GuestDevice& device);

  // NICs first, each group in the order of N.
  [[nodiscard]] std::vector<GuestDevice*> of(const GuestKey& key);

private:
  std::map<std::uint32_t, std::map<std::string, GuestDevice>> devices_; // by VMID and name
};

} // namespace sfa::guests
