// lag_port_stats of the members of a bond, from proc/net/bonding (the kernel's networking/bonding) and
// rtnetlink(7).
#pragma once

#include "common/result.hpp"
#include "netlink/lacp_counters.hpp"
#include "sflow/counters_interface.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sfa::interfaces {

// The result of LACP negotiation for one member.
struct LacpPort {
  bool attached = false; // to the aggregator that carries the bond's traffic
  sflow::MacAddress actor_system{};
  sflow::MacAddress partner_system{};
  std::uint8_t actor_state = 0; // LacpState bits (IEEE 802.1AX)
  std::uint8_t partner_state = 0;

  bool operator==(const LacpPort&) const = default;
};

// proc/net/bonding/NAME: the members by name. Empty if the bond's mode is not 802.3ad, or if the kernel does
// not show the details: before 4.0, and to processes without CAP_NET_ADMIN.
[[nodiscard]] Result<std::map<std::string, LacpPort>> parse_bonding(std::string_view text);

// `bond` is the bond's ifIndex. The kernel shows only the operational states, not the configured ones, which
// therefore stay unknown.
[[nodiscard]] sflow::LagPortStats lag_port_stats(const LacpPort& port, std::uint32_t bond,
                                                 const netlink::LacpCounters& counters);

} // namespace sfa::interfaces
