// Combines the configuration with the state of the host to the settings that are published.
#pragma once

#include "common/settings.hpp"
#include "config/agent_address.hpp"
#include "config/config.hpp"

#include <string>
#include <vector>

namespace sfa::config {

// `collectors`: the configured ones whose address is known.
[[nodiscard]] Settings resolve(const Config& config, const AgentElection& election,
                               const std::string& hostname, std::vector<Collector> collectors);

} // namespace sfa::config
