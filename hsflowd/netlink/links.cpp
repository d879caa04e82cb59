#include "netlink/links.hpp"

#include "netlink/attributes.hpp"

#include <algorithm>
#include <array>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <set>
#include <string_view>
#include <sys/socket.h>

namespace sfa::netlink {

namespace {

using host::InterfaceKind;

// IFLA_INFO_KIND of the kernel's drivers.
constexpr std::array<std::string_view, 21> kTunnels{
    "amt",       "bareudp", "erspan",    "geneve", "gre",   "gretap",    "gtp",
    "ip6erspan", "ip6gre",  "ip6gretap", "ip6tnl", "ipip",  "l2tp",      "ovpn",
    "sit",       "tun",     "vti",       "vti6",   "vxlan", "wireguard", "xfrm"};
constexpr std::array<std::string_view, 9> kPseudo{"dummy", "ifb",  "ipvtap", "macvtap", "netkit",
                                                  "nlmon", "vcan", "veth",   "vrf"};
// Interfaces that are part of another one, and as good as that.
constexpr std::array<std::string_view, 4> kOnTop{"ipvlan", "macsec", "macvlan", "vlan"};

bool contains(const auto& list, std::string_view kind) {
  return std::ranges::find(list, kind) != list.end();
}

std::vector<std::string> alternatives_of(const nlattr* list) {
  std::vector<std::string> names;
  if (list == nullptr) {
    return names;
  }
  const auto* end = static_cast<const char*>(mnl_attr_get_payload(list)) + mnl_attr_get_payload_len(list);
  const auto* attribute = static_cast<const nlattr*>(mnl_attr_get_payload(list));
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    if (mnl_attr_get_type(attribute) == IFLA_ALT_IFNAME &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
      names.emplace_back(mnl_attr_get_str(attribute));
    }
  }
  return names;
}

// Of what can be told from the link itself.
InterfaceKind own_kind(const Link& link) {
  if (contains(kTunnels, link.kind)) {
    return InterfaceKind::tunnel;
  }
  // The host's end of a Xen guest's NIC has no kind, and its bus is known since Linux 5.14 only.
  const bool of_guest =
      link.kind.empty() && (link.bus == "xen-backend" || (link.bus.empty() && link.name.starts_with("vif")));
  return link.loopback || contains(kPseudo, link.kind) || of_guest ? InterfaceKind::pseudo
                                                                   : InterfaceKind::network;
}

// On top of what it is, if that is known here.
std::uint32_t bearer_of(const Links& links, std::uint32_t index) {
  constexpr int kMaxLayers = 8; // a VLAN in a VLAN in ...
  for (int layer = 0; layer < kMaxLayers; ++layer) {
    const auto link = links.find(index);
    if (link == links.end() || !contains(kOnTop, link->second.kind) || !links.contains(link->second.lower)) {
      break;
    }
    index = link->second.lower;
  }
  return index;
}

} // namespace

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
  // The index is one in another namespace if there is IFLA_LINK_NETNSID.
  const bool lower_is_here = attributes[IFLA_LINK_NETNSID] == nullptr;
  return std::pair(static_cast<std::uint32_t>(header->ifi_index),
                   Link{.name = std::string(name),
                        .alias = std::string(attributes.text(IFLA_IFALIAS)),
                        .alternatives = alternatives_of(attributes[IFLA_PROP_LIST]),
                        .kind = std::string(info.text(IFLA_INFO_KIND)),
                        .bus = std::string(attributes.text(IFLA_PARENT_DEV_BUS_NAME)),
                        .master = attributes.u32(IFLA_MASTER).value_or(0),
                        .lower = lower_is_here ? attributes.u32(IFLA_LINK).value_or(0) : 0,
                        .up = (header->ifi_flags & IFF_UP) != 0,
                        .loopback = (header->ifi_flags & IFF_LOOPBACK) != 0});
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

std::map<std::uint32_t, InterfaceKind> kinds_of(const Links& links) {
  std::map<std::uint32_t, InterfaceKind> kinds;
  std::set<std::uint32_t> with_uplink; // masters
  for (const auto& [index, link] : links) {
    kinds[index] = own_kind(link);
    if (kinds[index] == InterfaceKind::network) {
      with_uplink.insert(link.master);
    }
  }
  for (const auto& [index, link] : links) {
    if (link.kind == "bridge" && !with_uplink.contains(index)) {
      kinds[index] = InterfaceKind::guest_bridge;
    }
  }
  for (const auto& [index, link] : links) {
    kinds[index] = kinds[bearer_of(links, index)];
  }
  return kinds;
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
