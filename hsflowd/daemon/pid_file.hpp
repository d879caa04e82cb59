// The file that tells other programs this process's id, for as long as it lives.
#pragma once

#include "common/file.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <unistd.h>

namespace sfa::daemon {

class PidFile {
public:
  // Nothing is written without a path. Throws when the file cannot be written.
  explicit PidFile(std::optional<std::filesystem::path> path) : path_(std::move(path)) {
    if (path_) {
      if (const auto written = replace_file(*path_, fmt::format("{}\n", getpid())); !written) {
        throw std::runtime_error(written.error().message);
      }
    }
  }
  ~PidFile() {
    if (path_) {
      unlink(path_->c_str());
    }
  }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  PidFile(PidFile&&) = delete;
  PidFile& operator=(PidFile&&) = delete;

private:
  std::optional<std::filesystem::path> path_;
};

} // namespace sfa::daemon
