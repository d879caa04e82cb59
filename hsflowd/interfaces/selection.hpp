// Which interfaces are data sources.
#pragma once

#include "host/interface.hpp"

#include <string>
#include <vector>

namespace sfa::interfaces {

// Patterns of names as in fnmatch(3), such as "eth*".
struct InterfaceFilter {
  std::vector<std::string> include; // in addition to those exported by default
  std::vector<std::string> exclude; // takes precedence over include

  bool operator==(const InterfaceFilter&) const = default;
};

// Exported are:
// - hardware and a guest's paravirtual NICs, including members of bonds and teams, but not the backend of a
//   guest's NIC in a Xen dom0, which belongs to the guest;
// - bonds and teams: a team is an Ethernet device that is master of such a device, and neither bridge nor
// VRF;
// - interfaces that `include` names: bridges, VLANs, veths, taps, loopback.
// A port of Open vSwitch (its master is the datapath, ovs-system) is never exported: ovs-vswitchd exports the
// counters of its ports under the same ifIndex. With the userspace datapath the kernel does not know the
// ports, so `exclude` has to name them.
[[nodiscard]] bool is_exported(const host::Interface& interface, const host::Interfaces& all,
                               const InterfaceFilter& filter);

// Whether it is a bond or a team, as above.
[[nodiscard]] bool is_aggregate(const host::Interface& interface, const host::Interfaces& all);

} // namespace sfa::interfaces
