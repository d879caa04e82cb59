// The file with the process id. It exists as long as this object.
#pragma once

#include "common/file.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <unistd.h>

namespace sfa::daemon {

class PidFile {
public:
  // Writes no file without a path. Throws if it cannot write the file.
  explicit PidFile(std::optional<std::filesystem::path> path) : path_(std::move(path)) {
    if (path_) {
      constexpr unsigned kMode = 0644;
      if (const auto written = replace_file(*path_, fmt::format("{}\n", getpid()), kMode, Links::not_last);
          !written) {
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
