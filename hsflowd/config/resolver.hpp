// From what is configured and what the host is like to the settings in force.
#pragma once

#include "common/settings.hpp"
#include "config/agent_address.hpp"
#include "config/config.hpp"

#include <string>

namespace sfa {

[[nodiscard]] Settings resolve(const Config& config, const AgentElection& election,
                               const std::string& hostname);

} // namespace sfa
