// The settings that hsflowd published, followed as the file changes.
#pragma once

#include "common/auto_file.hpp"
#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/file_watch.hpp"
#include "common/log.hpp"
#include "sflowovsd/status.hpp"

#include <filesystem>
#include <functional>
#include <optional>

namespace sfa::sflowovsd {

class SharedFile {
public:
  // Gets the settings of the last good file, nothing while there is no file. A file that cannot be read or
  // parsed changes nothing.
  using Apply = std::function<void(const std::optional<Settings>&)>;

  // Reads the file now, and again whenever it changes.
  SharedFile(EventLoop& loop, std::filesystem::path path, Apply apply);

  void read();

  [[nodiscard]] const std::optional<AutoFile>& content() const { return content_; }
  [[nodiscard]] SharedFileStatus status() const;

private:
  void read_changed();
  [[nodiscard]] bool take();

  std::filesystem::path path_;
  Apply apply_;
  std::optional<AutoFile> content_;
  Error error_; // of the last reading
  LoggedState state_{"shared file"};
  Debounce settled_;
  FileWatch watch_;
};

} // namespace sfa::sflowovsd
