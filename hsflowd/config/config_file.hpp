// A configuration file on disk.
#pragma once

#include "config/load.hpp"

#include <filesystem>

namespace sfa::config {

// A missing or unreadable file is a diagnostic.
[[nodiscard]] LoadedConfig load_config_file(const std::filesystem::path& path);

struct FileConfig {
  Config config;
  Origins origins;
};

// Logs all errors and warnings. Returns the first error if the file cannot be used.
[[nodiscard]] Result<FileConfig> load_config_and_log(const std::filesystem::path& path);

} // namespace sfa::config
