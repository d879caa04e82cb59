// Which interfaces are data sources of their own.
#pragma once

#include "host/interface.hpp"

#include <string>
#include <vector>

namespace sfa::interfaces {

// Patterns of names as in fnmatch(3): "eth*".
struct InterfaceFilter {
  std::vector<std::string> include; // beside those that are exported anyway
  std::vector<std::string> exclude; // stronger than include

  bool operator==(const InterfaceFilter&) const = default;
};

// - Devices of the hardware and a guest's paravirtual NICs, members of bonds and teams among them; not the
//   backend of a guest's NIC in a Xen dom0, which is the guest's.
// - Bonds, and teams: Ethernet devices that are master of such a device, but neither bridge nor VRF.
// - What `include` names: bridges, VLANs, veths, taps, loopback.
// Never a port of Open vSwitch (its master is the datapath, ovs-system): ovs-vswitchd exports the counters of
// its ports itself, under the same ifIndex. With its userspace datapath the kernel does not know the ports;
// there `exclude` has to name them.
[[nodiscard]] bool is_exported(const host::Interface& interface, const host::Interfaces& all,
                               const InterfaceFilter& filter);

// A bond, or a team, as above.
[[nodiscard]] bool is_aggregate(const host::Interface& interface, const host::Interfaces& all);

} // namespace sfa::interfaces
