// All sources of the host sample.
#pragma once

#include "host/host_identity.hpp"
#include "host/host_interfaces.hpp"
#include "sources/counter_source.hpp"

#include <memory>
#include <vector>

namespace sfa::sources {

[[nodiscard]] std::vector<std::unique_ptr<CounterSource>> make_host_sources(
    const host::HostIdentity& identity,
    const std::shared_ptr<host::HostInterfaces>& interfaces = std::make_shared<host::HostInterfaces>());

} // namespace sfa::sources
