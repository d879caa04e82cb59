// hsflowd show: prints the resolved configuration.
#pragma once

#include "config/load.hpp"

#include <string>

namespace sfa::commands {

// Every option with its value, as YAML that loads as the same configuration. A comment after each value names
// its origin. Options without a value, and ignored names, are comments. Empty if there is no Config.
[[nodiscard]] std::string show_config(const config::LoadedConfig& loaded);

} // namespace sfa::commands
