// An IP address of this host.
#pragma once

#include "common/ip_address.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sfa::host {

// An address of an interface, as rtnetlink(7) reports it.
struct InterfaceAddress {
  IpAddress address;
  std::string device;
  std::uint32_t if_index = 0;
  bool up = false;
  bool vlan = false;  // the device is an 802.1Q device
  bool slaac = false; // from stateless autoconfiguration (RFC 4862): it may disappear with the router
  // Other names of the device: its alias (ip link set alias), and the address's label (eth0:1).
  std::vector<std::string> aliases = {};

  bool operator==(const InterfaceAddress&) const = default;
};

} // namespace sfa::host
