// A configuration file as it stands on disk.
#pragma once

#include "config/load.hpp"

#include <filesystem>

namespace sfa {

// A file that is not there or cannot be read is a diagnostic like any other.
[[nodiscard]] LoadedConfig load_config_file(const std::filesystem::path& path);

} // namespace sfa
