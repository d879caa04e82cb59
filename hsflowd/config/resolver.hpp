// From what is configured and what the host is like to the settings in force.
#pragma once

#include "common/settings.hpp"
#include "config/agent_address.hpp"
#include "config/config.hpp"

#include <string>
#include <vector>

namespace sfa::config {

// `collectors` are the configured ones of which an address is known.
[[nodiscard]] Settings resolve(const Config& config, const AgentElection& election,
                               const std::string& hostname, std::vector<Collector> collectors);

} // namespace sfa::config
