// if_counters of an interface, from the kernel's counters and its link state.
#pragma once

#include "host/interface.hpp"
#include "host/link_counters.hpp"
#include "interfaces/link_state.hpp"
#include "sflow/counters_interface.hpp"

#include <cstdint>

namespace sfa::interfaces {

// The number of received packets that were not multicasts. Drivers that count multicasts in hardware count
// them later than packets, or include some that did not reach the host. So the difference of the two falls at
// times, and a counter must not fall.
class UnicastsReceived {
public:
  // At most `counters.packets_in`.
  std::uint64_t advance(const host::LinkCounters& counters);

private:
  std::uint64_t packets_ = 0;
  std::uint64_t unicasts_ = 0;
};

// `unicasts_in` comes from UnicastsReceived and includes broadcasts. The kernel does not count broadcasts and
// sent multicasts separately, so these fields stay unknown, and the known fields add up to all packets.
// if_type is 161 (ieee8023adLag) for bonds and teams. if_promiscuous_mode is a TruthValue (RFC 2863): 1 yes,
// 2 no.
[[nodiscard]] sflow::IfCounters if_counters(const host::Interface& interface, bool aggregate,
                                            const LinkState& state, const host::LinkCounters& counters,
                                            std::uint64_t unicasts_in);

} // namespace sfa::interfaces
