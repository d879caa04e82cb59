// The settings that hsflowd published, followed as the file changes.
#pragma once

#include "common/auto_file.hpp"
#include "common/event_loop.hpp"
#include "common/file_watch.hpp"
#include "common/log.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace sfa {

class SharedFile {
public:
  // Gets the settings of the last good file, nothing while there is no file. A file that cannot be read or
  // parsed changes nothing.
  using Apply = std::function<void(const std::optional<Settings>&)>;

  // Reads the file now, and again whenever it changes.
  SharedFile(EventLoop& loop, std::filesystem::path path, Apply apply);

  [[nodiscard]] const std::optional<AutoFile>& content() const { return content_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // What is wrong with the file as it is now; empty when nothing is.
  [[nodiscard]] const std::string& problem() const { return state_.failure_text(); }

private:
  void read();

  std::filesystem::path path_;
  Apply apply_;
  std::optional<AutoFile> content_;
  LoggedState state_{"shared file"};
  FileWatch watch_;
};

} // namespace sfa
