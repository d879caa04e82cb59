// hsflowd check: reports the errors and warnings of a configuration file.
#pragma once

#include "config/load.hpp"

#include <filesystem>

namespace sfa::commands {

// Loads the file, and prints its errors and warnings to standard error.
[[nodiscard]] config::LoadedConfig load_and_report(const std::filesystem::path& file);

} // namespace sfa::commands
