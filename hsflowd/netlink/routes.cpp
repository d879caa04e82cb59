#include "netlink/routes.hpp"

#include "netlink/attributes.hpp"

#include <algorithm>
#include <array>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

// rtnetlink(7): the fixed part and two attributes, none of which needs padding.
template <std::size_t N>
struct RouteRequest {
  rtmsg message;
  nlattr destination;
  std::array<std::uint8_t, N> address;
  nlattr device;
  std::uint32_t if_index; // 0 = any

  RouteRequest(const IpAddress& to, std::uint32_t through)
      : message{.rtm_family = N == 4 ? AF_INET : AF_INET6,
                .rtm_dst_len = N * 8,
                .rtm_src_len = 0,
                .rtm_tos = 0,
                .rtm_table = 0,
                .rtm_protocol = 0,
                .rtm_scope = 0,
                .rtm_type = 0,
                .rtm_flags = 0},
        destination{.nla_len = sizeof(nlattr) + N, .nla_type = RTA_DST}, address{},
        device{.nla_len = sizeof(nlattr) + sizeof through, .nla_type = RTA_OIF}, if_index(through) {
    std::ranges::copy(to.bytes(), address.begin());
  }
};
static_assert(sizeof(RouteRequest<4>) == 12 + 8 + 8);
static_assert(sizeof(RouteRequest<16>) == 12 + 20 + 8);

std::optional<IpAddress> source_in(const nlmsghdr* message) {
  const auto header = header_of<rtmsg>(message);
  if (message->nlmsg_type != RTM_NEWROUTE || !header || header->rtm_type != RTN_UNICAST) {
    return std::nullopt;
  }
  const Attributes attributes(message, sizeof(rtmsg));
  const nlattr* source = attributes[RTA_PREFSRC];
  if (source == nullptr) {
    return std::nullopt;
  }
  if (header->rtm_family == AF_INET && mnl_attr_get_payload_len(source) == 4) {
    return address_of<4>(source);
  }
  if (header->rtm_family == AF_INET6 && mnl_attr_get_payload_len(source) == 16) {
    return address_of<16>(source);
  }
  return std::nullopt;
}

} // namespace

Result<std::optional<IpAddress>> source_to(Socket& socket, const Destination& to) {
  Requests request;
  if (to.address.is_v4()) {
    request.add(RTM_GETROUTE, 0, RouteRequest<4>(to.address, to.device));
  } else {
    request.add(RTM_GETROUTE, 0, RouteRequest<16>(to.address, to.device));
  }
  std::optional<IpAddress> source;
  // Refused with ENETUNREACH and others if there is no route.
  const auto answer =
      socket.ask(std::move(request), [&](const nlmsghdr* message) { source = source_in(message); });
  return answer.map([&](const Answer&) { return source; });
}

Result<std::vector<IpAddress>> sources_to(std::span<const Destination> to) {
  std::vector<IpAddress> sources;
  if (to.empty()) {
    return sources;
  }
  auto socket = Socket::open(NETLINK_ROUTE);
  if (!socket) {
    return error_of(socket);
  }
  for (const auto& destination : to) {
    const auto source = source_to(*socket, destination);
    if (!source) {
      return error_of(source);
    }
    if (*source && std::ranges::find(sources, **source) == sources.end()) {
      sources.push_back(**source);
    }
  }
  return sources;
}

std::vector<Destination> beyond_the_gateway() {
  return {{IpAddress(IpAddress::V4{198, 41, 0, 4})},
          {IpAddress(IpAddress::V6{0x20, 0x01, 0x05, 0x03, 0xba, 0x3e, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x30})}};
}

} // namespace sfa::netlink
