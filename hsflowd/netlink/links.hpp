// Network interfaces as rtnetlink(7) describes them, as far as the election of the agent address needs it.
#pragma once

#include "common/result.hpp"
#include "host/interface_address.hpp"
#include "netlink/socket.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfa::netlink {

struct Link {
  std::string name;
  std::string alias = {};                     // ip link set alias; mostly empty
  std::vector<std::string> alternatives = {}; // ip link property add altname
  std::string kind = {};    // IFLA_INFO_KIND: "bridge", "vlan", "tun"; empty if it is hardware
  std::string bus = {};     // of its device: "pci", "virtio", "xen-backend"; known since Linux 5.14
  std::uint32_t master = 0; // ifIndex of its bridge, bond and so on; 0 = none
  std::uint32_t lower = 0;  // ifIndex of what it is on top of, in this namespace; 0 = none
  bool up = false;          // administratively
  bool loopback = false;

  bool operator==(const Link&) const = default;
};
using Links = std::map<std::uint32_t, Link>; // by ifIndex

// Parses an RTM_NEWLINK message into ifIndex and link. nullopt for every other message, for one without a
// name, and for the events of a wireless driver (IFLA_WIRELESS), which have the name but neither alias nor
// kind of the interface.
[[nodiscard]] std::optional<std::pair<std::uint32_t, Link>> parse_link(const nlmsghdr* message);

// Every interface of this network namespace. nullopt if they changed meanwhile.
[[nodiscard]] Result<std::optional<Links>> read_links(Socket& socket);

// The kind of each interface.
[[nodiscard]] std::map<std::uint32_t, host::InterfaceKind> kinds_of(const Links& links);

// Requests everything of one kind (RTM_GETLINK, RTM_GETADDR). False if it changed meanwhile.
[[nodiscard]] Result<bool> dump(Socket& socket, std::uint16_t type, const OnMessage& each);

} // namespace sfa::netlink
