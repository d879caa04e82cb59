// if_counters of an interface, from what the kernel counts and says of it.
#pragma once

#include "interfaces/link_state.hpp"
#include "sflow/counters_interface.hpp"
#include "sources/interface.hpp"
#include "sources/link_counters.hpp"

namespace sfa {

// Packets that are not multicasts count as unicast: the kernel tells broadcasts from neither, and multicasts
// of those that go out not either; these fields stay unknown. So the sum of what is known is the number of
// packets. if_type is 161 (ieee8023adLag) for bonds and teams. if_promiscuous_mode is a TruthValue (RFC
// 2863): 1 yes, 2 no.
[[nodiscard]] IfCounters if_counters(const Interface& interface, bool aggregate, const LinkState& state,
                                     const LinkCounters& counters);

} // namespace sfa
