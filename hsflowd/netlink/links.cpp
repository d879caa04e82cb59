#include "netlink/links.hpp"

#include "netlink/attributes.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace sfa::netlink {

std::optional<std::pair<std::uint32_t, Link>> parse_link(const nlmsghdr* message) {
  const auto header = header_of<ifinfomsg>(message);
  // The family of bridges describes a port of a bridge, not the interface.
  if (message->nlmsg_type != RTM_NEWLINK || !header || header->ifi_family != AF_UNSPEC) {
    return std::nullopt;
  }
  const Attributes attributes(message, sizeof(ifinfomsg));
  const auto name = attributes.text(IFLA_IFNAME);
  if (name.empty() || attributes[IFLA_WIRELESS] != nullptr) {
    return std::nullopt;
  }
  const Attributes info(attributes[IFLA_LINKINFO]);
  return std::pair(static_cast<std::uint32_t>(header->ifi_index),
                   Link{.name = std::string(name),
                        .alias = std::string(attributes.text(IFLA_IFALIAS)),
                        .up = (header->ifi_flags & IFF_UP) != 0,
                        .vlan = info.text(IFLA_INFO_KIND) == "vlan"});
}

Result<std::optional<Links>> read_links(Socket& socket) {
  Links links;
  const auto complete = dump(socket, RTM_GETLINK, [&](const nlmsghdr* message) {
    if (auto link = parse_link(message)) {
      links.insert(*std::move(link));
    }
  });
  return complete.map([&](bool all) { return all ? std::optional(std::move(links)) : std::nullopt; });
}

Result<bool> dump(Socket& socket, std::uint16_t type, const OnMessage& each) {
  Requests request;
  request.add(type, NLM_F_DUMP, rtgenmsg{.rtgen_family = AF_UNSPEC});
  const auto answer = socket.ask(std::move(request), each);
  if (!answer) {
    return error_of(answer);
  }
  if (!answer->refused.empty()) {
    return tl::unexpected(answer->refused.front());
  }
  return !answer->interrupted;
}

} // namespace sfa::netlink
