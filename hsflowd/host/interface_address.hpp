// An IP address of this host.
#pragma once

#include "common/ip_address.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sfa::host {

// How well an address on an interface identifies the host, from worst to best.
enum class InterfaceKind : std::uint8_t {
  guest_bridge, // a bridge of the kernel without a port that leads outside: docker0, virbr0
  tunnel,       // tun, WireGuard, GRE, VXLAN, ...
  pseudo,       // dummy, veth, loopback
  network,      // a NIC, and what is on top of it: bonds, VLANs, bridges; also a port of Open vSwitch
};

// From worst to best.
enum class AddressLifetime : std::uint8_t {
  tentative,  // still checked for duplicates, or found to be one (RFC 4862, section 5.4): cannot be used yet
  deprecated, // its preferred lifetime has ended (RFC 4862, section 5.5.4)
  temporary,  // replaced every day (RFC 8981)
  dynamic,    // IPv6 from stateless autoconfiguration or DHCP: it may disappear with the router
  permanent,  // all other IPv4 addresses, too
};

// An address of an interface, as rtnetlink(7) reports it.
struct InterfaceAddress {
  IpAddress address;
  std::string device;
  std::uint32_t if_index = 0;
  bool up = false;
  InterfaceKind kind = InterfaceKind::network;
  AddressLifetime lifetime = AddressLifetime::permanent;
  // Other names of the device: its alias (ip link set alias), its alternative names (ip link property add
  // altname), and the address's label (eth0:1).
  std::vector<std::string> aliases = {};

  bool operator==(const InterfaceAddress&) const = default;
};

} // namespace sfa::host
