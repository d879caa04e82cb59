#include "interfaces/if_counters.hpp"

#include <algorithm>
#include <linux/if_arp.h>

namespace sfa::interfaces {

namespace {

// IANAifType-MIB for the hardware types (ARPHRD_) of the kernel's uapi/linux/if_arp.h.
std::uint32_t if_type(const host::Interface& interface, bool aggregate) {
  if (aggregate) {
    return 161; // ieee8023adLag
  }
  switch (interface.hardware_type) {
  case ARPHRD_ETHER:
    return 6; // ethernetCsmacd
  case ARPHRD_INFINIBAND:
    return 199; // infiniband
  case ARPHRD_LOOPBACK:
    return 24; // softwareLoopback
  case ARPHRD_PPP:
    return 23; // ppp
  case ARPHRD_IEEE80211:
    return 71;      // ieee80211
  case ARPHRD_NONE: // tun, WireGuard
  case ARPHRD_TUNNEL:
  case ARPHRD_TUNNEL6:
  case ARPHRD_SIT:
  case ARPHRD_IPGRE:
  case ARPHRD_IP6GRE:
    return 131; // tunnel
  default:
    return 1; // other
  }
}

std::uint32_t if_direction(Duplex duplex) {
  switch (duplex) {
  case Duplex::full:
    return 1;
  case Duplex::half:
    return 2;
  default:
    return 0;
  }
}

std::uint32_t modulo32(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}

} // namespace

std::uint64_t UnicastsReceived::advance(const host::LinkCounters& counters) {
  if (counters.packets_in < packets_) {
    unicasts_ = 0; // the kernel's counter restarted
  }
  packets_ = counters.packets_in;
  unicasts_ = std::max(unicasts_, packets_ - std::min(packets_, counters.multicast_in));
  return unicasts_;
}

sflow::IfCounters if_counters(const host::Interface& interface, bool aggregate, const LinkState& state,
                              const host::LinkCounters& counters, std::uint64_t unicasts_in) {
  const bool up = (interface.flags & host::kInterfaceUp) != 0;
  const bool promiscuous = (interface.flags & host::kInterfacePromiscuous) != 0;
  sflow::IfCounters block;
  block.if_index = interface.index;
  block.if_type = if_type(interface, aggregate);
  block.if_speed = state.speed_mbps * 1'000'000;
  block.if_direction = if_direction(state.duplex);
  block.if_status = (up ? 1U : 0U) | (up && state.operational ? 2U : 0U);
  block.if_in_octets = counters.bytes_in;
  block.if_in_ucast_pkts = modulo32(unicasts_in);
  block.if_in_multicast_pkts = modulo32(counters.packets_in - unicasts_in);
  block.if_in_discards = modulo32(counters.drops_in);
  block.if_in_errors = modulo32(counters.errors_in);
  block.if_out_octets = counters.bytes_out;
  block.if_out_ucast_pkts = modulo32(counters.packets_out);
  block.if_out_discards = modulo32(counters.drops_out);
  block.if_out_errors = modulo32(counters.errors_out);
  block.if_promiscuous_mode = promiscuous ? 1 : 2;
  return block;
}

} // namespace sfa::interfaces
