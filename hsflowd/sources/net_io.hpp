// host_net_io: what went into and out of this host.
#pragma once

#include "host/host_interfaces.hpp"
#include "sources/counter_source.hpp"

#include <memory>
#include <vector>

namespace sfa::sources {

// The interfaces whose counters are summed, so that each packet is counted once: the NICs (is_nic), or on a
// host without any its uplinks (is_uplink_without_nic).
[[nodiscard]] std::vector<const host::Interface*> host_uplinks(const host::Interfaces& interfaces);

// Nothing on a host without any such interface.
[[nodiscard]] std::unique_ptr<CounterSource> make_net_io_source(
    std::shared_ptr<host::HostInterfaces> interfaces = std::make_shared<host::HostInterfaces>());

} // namespace sfa::sources
