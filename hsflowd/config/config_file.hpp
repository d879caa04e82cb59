// A configuration file as it stands on disk.
#pragma once

#include "config/load.hpp"

#include <filesystem>

namespace sfa::config {

// A file that is not there or cannot be read is a diagnostic like any other.
[[nodiscard]] LoadedConfig load_config_file(const std::filesystem::path& path);

struct FileConfig {
  Config config;
  Origins origins;
};

// What is wrong with the file goes to the log. The Error is the first thing that keeps it from being used.
[[nodiscard]] Result<FileConfig> load_config_and_log(const std::filesystem::path& path);

} // namespace sfa::config
