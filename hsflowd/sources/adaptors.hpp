// host_adapters: by which MAC addresses and ifIndexes the network knows this host. Virtual devices count too:
// a collector finds the guest behind a switch port by them.
#pragma once

#include "host/host_interfaces.hpp"
#include "sources/counter_source.hpp"

#include <memory>

namespace sfa::sources {

// Interfaces that are up, not loopback, and have a MAC address, by ifIndex, the lowest 32 of them: that is as
// many as the structure takes, and devices of the hardware have the lowest. Nothing on a host without sysfs.
[[nodiscard]] std::unique_ptr<CounterSource> make_adaptors_source(
    std::shared_ptr<host::HostInterfaces> interfaces = std::make_shared<host::HostInterfaces>());

} // namespace sfa::sources
