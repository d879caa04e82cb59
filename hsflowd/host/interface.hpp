// The properties of a network interface, from sysfs (the kernel's ABI/testing/sysfs-class-net).
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"
#include "sflow/counter_types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sfa::host {

inline constexpr std::uint32_t kInterfaceUp = 0x1;            // IFF_UP of netdevice(7)
inline constexpr std::uint32_t kInterfaceLoopback = 0x8;      // IFF_LOOPBACK
inline constexpr std::uint32_t kInterfacePromiscuous = 0x100; // IFF_PROMISC

struct Interface {
  std::string name;
  std::uint32_t index = 0;                // ifIndex
  std::uint32_t flags = 0;                // IFF_ bits of netdevice(7), without IFF_RUNNING
  std::uint32_t hardware_type = 0;        // ARPHRD_ of if_arp.h
  std::optional<sflow::MacAddress> mac{}; // nullopt if it is not a MAC address, or all zero
  std::uint32_t master = 0;               // ifIndex of its bond, bridge, team, VRF or switch; 0 = none
  std::string device_type; // DEVTYPE of its uevent: "bridge", "bond", "vlan", ...; mostly empty
  bool device = false;     // hardware, or a guest's paravirtual NIC
  bool guest_port = false; // the host's end of a guest's NIC although it has a `device`; see is_nic()
  bool below_nic = false;  // its master is a `device` itself
  bool bridge_port = false;
  bool bond = false;
  bool bond_member = false;
  bool tun = false;     // tun or tap
  bool stacked = false; // on top of other interfaces

  bool operator==(const Interface&) const = default;
};
using Interfaces = std::map<std::uint32_t, Interface>; // by ifIndex

// sys/class/net/NAME/flags, as "0x1003".
[[nodiscard]] Result<std::uint32_t> parse_interface_flags(std::string_view text);

// sys/class/net/NAME/ifindex.
[[nodiscard]] Result<std::uint32_t> parse_interface_index(std::string_view text);

// sys/class/net/NAME/address. nullopt if it is not a MAC address (20 bytes on InfiniBand, none on a tunnel),
// or all zero.
[[nodiscard]] Result<std::optional<sflow::MacAddress>> parse_mac_address(std::string_view text);

// nullopt if there is no such interface, or if it disappears while it is read.
[[nodiscard]] Result<std::optional<Interface>> read_interface(const SysRoot& root, const std::string& name);

// Whether packets enter and leave the host through it, each packet once: hardware, or a guest's paravirtual
// NIC. Bridges, bonds, VLANs and taps have no `device`; they would count packets again that passed a NIC, or
// packets that never left the host. These have a `device` and are not NICs:
// - a guest's port of the switch: the backend of its NIC in a Xen dom0 (vif1.0), or the representor of its
//   virtual function, whose packets also pass the NIC (phys_port_name "pf0vf0", "c1pf0sf2"; see the kernel's
//   networking/devlink/devlink-port);
// - a NIC below another NIC, such as a virtual function below its Hyper-V or virtio failover device. The
// upper
//   one counts for both.
// Virtual functions that the host itself uses, and ports of a switch chip below a NIC (DSA), count as NICs.
[[nodiscard]] bool is_nic(const Interface& interface);

// The replacement for NICs on a host without one, such as a container or a network namespace: an Ethernet
// device that is not stacked on others (VLAN, team), and not part of a switch (bridge, its ports, taps) or a
// bond. That leaves the near end of a veth pair, and macvlans.
[[nodiscard]] bool is_uplink_without_nic(const Interface& interface);

} // namespace sfa::host
