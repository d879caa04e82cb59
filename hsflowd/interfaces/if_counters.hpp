// if_counters of an interface, from what the kernel counts and says of it.
#pragma once

#include "host/interface.hpp"
#include "host/link_counters.hpp"
#include "interfaces/link_state.hpp"
#include "sflow/counters_interface.hpp"

#include <cstdint>

namespace sfa::interfaces {

// How many of the packets received were not multicasts. Drivers count multicasts in the hardware, and with
// that later than packets, or also those that did not reach the host: so their difference falls at times,
// and a counter must not.
class UnicastsReceived {
public:
  // At most `counters.packets_in`.
  std::uint64_t advance(const host::LinkCounters& counters);

private:
  std::uint64_t packets_ = 0;
  std::uint64_t unicasts_ = 0;
};

// `unicasts_in` are of UnicastsReceived; broadcasts are among them, which the kernel does not tell apart, nor
// multicasts of those that go out; these fields stay unknown. So the sum of what is known is the number of
// packets. if_type is 161 (ieee8023adLag) for bonds and teams. if_promiscuous_mode is a TruthValue (RFC
// 2863): 1 yes, 2 no.
[[nodiscard]] sflow::IfCounters if_counters(const host::Interface& interface, bool aggregate,
                                            const LinkState& state, const host::LinkCounters& counters,
                                            std::uint64_t unicasts_in);

} // namespace sfa::interfaces
