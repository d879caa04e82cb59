// Which of its addresses the kernel would send from: RTM_GETROUTE of rtnetlink(7) for one destination, as `ip
// route get` asks. Nothing is sent.
#pragma once

#include "common/ip_address.hpp"
#include "netlink/socket.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sfa::netlink {

struct Destination {
  IpAddress address;
  std::uint32_t device = 0; // ifIndex, to send through; 0 = by the routing table

  bool operator==(const Destination&) const = default;
};

// The source address of packets to `to`. nullopt if there is no route, or if it ends on this host.
[[nodiscard]] Result<std::optional<IpAddress>> source_to(Socket& socket, const Destination& to);

// The same for several destinations, without those that have none, and without repetition.
[[nodiscard]] Result<std::vector<IpAddress>> sources_to(std::span<const Destination> to);

// Two destinations on the Internet, one for each address family, that are reached through the default
// gateway: the root name server A (https://www.internic.net/domain/named.root).
[[nodiscard]] std::vector<Destination> beyond_the_gateway();

} // namespace sfa::netlink
