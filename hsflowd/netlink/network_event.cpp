#include "netlink/network_event.hpp"

#include "netlink/attributes.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

std::optional<NetworkEvent> parse_removed_link(const nlmsghdr* message) {
  const auto header = header_of<ifinfomsg>(message);
  // The family of bridges reports that a port left its bridge, not that the interface is gone.
  if (!header || header->ifi_family != AF_UNSPEC) {
    return std::nullopt;
  }
  return LinkRemoved{static_cast<std::uint32_t>(header->ifi_index)};
}

} // namespace

std::optional<NetworkEvent> parse_event(const nlmsghdr* message) {
  switch (message->nlmsg_type) {
  case RTM_NEWLINK:
    if (auto link = parse_link(message)) {
      return LinkChanged{.index = link->first, .link = std::move(link->second)};
    }
    return std::nullopt;
  case RTM_DELLINK:
    return parse_removed_link(message);
  case RTM_NEWADDR:
  case RTM_DELADDR:
    if (const auto header = header_of<ifaddrmsg>(message)) {
      return AddressChanged{header->ifa_index};
    }
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

} // namespace sfa::netlink
