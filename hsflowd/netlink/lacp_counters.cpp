#include "netlink/lacp_counters.hpp"

#include "netlink/attributes.hpp"

#include <array>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <utility>

namespace sfa::netlink {

namespace {

using Counter = std::optional<std::uint64_t> LacpCounters::*;
using Numbered = std::pair<std::uint16_t, Counter>;

// Two of the kernel's counters are added where they are one counter of the MIB.
constexpr std::array kCounters{
    Numbered{BOND_3AD_STAT_LACPDU_RX, &LacpCounters::lacpdus_rx},
    Numbered{BOND_3AD_STAT_LACPDU_TX, &LacpCounters::lacpdus_tx},
    Numbered{BOND_3AD_STAT_LACPDU_UNKNOWN_RX, &LacpCounters::unknown_rx},
    Numbered{BOND_3AD_STAT_MARKER_UNKNOWN_RX, &LacpCounters::unknown_rx},
    Numbered{BOND_3AD_STAT_LACPDU_ILLEGAL_RX, &LacpCounters::illegal_rx},
    Numbered{BOND_3AD_STAT_MARKER_RX, &LacpCounters::marker_pdus_rx},
    Numbered{BOND_3AD_STAT_MARKER_TX, &LacpCounters::marker_pdus_tx},
    Numbered{BOND_3AD_STAT_MARKER_RESP_RX, &LacpCounters::marker_response_pdus_rx},
    Numbered{BOND_3AD_STAT_MARKER_RESP_TX, &LacpCounters::marker_response_pdus_tx}};

} // namespace

std::optional<LacpCounters> parse_lacp_counters(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWSTATS || !header_of<if_stats_msg>(message)) {
    return std::nullopt;
  }
  const Attributes member(Attributes(message, sizeof(if_stats_msg))[IFLA_STATS_LINK_XSTATS_SLAVE]);
  const nlattr* lacp = Attributes(member[LINK_XSTATS_TYPE_BOND])[BOND_XSTATS_3AD];
  if (lacp == nullptr) {
    return std::nullopt;
  }
  const Attributes values(lacp);
  LacpCounters counters;
  for (const auto& [type, counter] : kCounters) {
    if (const auto value = values.u64(type)) {
      counters.*counter = (counters.*counter).value_or(0) + *value;
    }
  }
  return counters;
}

std::optional<LacpCounters> LacpStatistics::read(std::uint32_t index) {
  if (!socket_) {
    auto socket = Socket::open(NETLINK_ROUTE);
    if (!socket) {
      return std::nullopt;
    }
    socket_ = *std::move(socket);
  }
  Requests request;
  request.add(RTM_GETSTATS, 0,
              if_stats_msg{.family = 0,
                           .pad1 = 0,
                           .pad2 = 0,
                           .ifindex = index,
                           .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_XSTATS_SLAVE)});
  std::optional<LacpCounters> counters;
  const auto answer =
      socket_->ask(request, [&](const nlmsghdr* message) { counters = parse_lacp_counters(message); });
  return answer ? counters : std::nullopt;
}

} // namespace sfa::netlink
