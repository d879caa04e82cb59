// The LACP counters of a member of an 802.3ad bond, from rtnetlink(7): RTM_GETSTATS,
// IFLA_STATS_LINK_XSTATS_SLAVE. Kernels before 5.1 do not have them.
#pragma once

#include "netlink/socket.hpp"

#include <cstdint>
#include <optional>

namespace sfa::netlink {

// Numbers of PDUs, named as in dot3adAggPortStatsTable (IEEE 802.1AX). nullopt if the kernel does not count
// them.
struct LacpCounters {
  std::optional<std::uint64_t> lacpdus_rx{}, marker_pdus_rx{}, marker_response_pdus_rx{};
  std::optional<std::uint64_t> unknown_rx{}; // unknown subtypes, and markers of an unknown kind
  std::optional<std::uint64_t> illegal_rx{}; // too short
  std::optional<std::uint64_t> lacpdus_tx{}, marker_pdus_tx{}, marker_response_pdus_tx{};

  bool operator==(const LacpCounters&) const = default;
};

// Parses an RTM_NEWSTATS message (linux/if_bonding.h); nullopt if it has no LACP counters, and for every
// other message.
[[nodiscard]] std::optional<LacpCounters> parse_lacp_counters(const nlmsghdr* message);

class LacpStatistics {
public:
  // The counters of the interface with this ifIndex; nullopt if it has none. Never waits. Opens a socket at
  // the first call.
  [[nodiscard]] std::optional<LacpCounters> read(std::uint32_t index);

private:
  std::optional<Socket> socket_;
};

} // namespace sfa::netlink
