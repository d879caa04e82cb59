// What a member of an 802.3ad bond sent and received of LACP, from rtnetlink(7): RTM_GETSTATS,
// IFLA_STATS_LINK_XSTATS_SLAVE. Kernels before 5.1 do not count it.
#pragma once

#include "common/handle.hpp"

#include <cstdint>
#include <optional>

struct mnl_socket;
extern "C" int mnl_socket_close(mnl_socket* socket);
struct nlmsghdr;

namespace sfa::netlink {

// PDUs, by their names in dot3adAggPortStatsTable (IEEE 802.1AX). Nothing: this kernel does not count them.
struct LacpCounters {
  std::optional<std::uint64_t> lacpdus_rx{}, marker_pdus_rx{}, marker_response_pdus_rx{};
  std::optional<std::uint64_t> unknown_rx{}; // of an unknown subtype, or markers of an unknown kind
  std::optional<std::uint64_t> illegal_rx{}; // too short
  std::optional<std::uint64_t> lacpdus_tx{}, marker_pdus_tx{}, marker_response_pdus_tx{};

  bool operator==(const LacpCounters&) const = default;
};

// Those in an RTM_NEWSTATS message (linux/if_bonding.h); nothing when there are none, or when it is not one.
[[nodiscard]] std::optional<LacpCounters> parse_lacp_counters(const nlmsghdr* message);

class LacpStatistics {
public:
  // Of the interface with this ifIndex; nothing when it has none. Never waits. Opens a socket at the first
  // call.
  [[nodiscard]] std::optional<LacpCounters> read(std::uint32_t index);

private:
  [[nodiscard]] bool ask(std::uint32_t index);

  Handle<mnl_socket, mnl_socket_close> socket_;
  std::uint32_t sequence_ = 0;
};

} // namespace sfa::netlink
