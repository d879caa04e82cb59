// Reads the settings that hsflowd publishes, whenever the file changes.
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
  // Gets the settings of the last good file, or nullopt if there is no file. Not called for a file that
  // cannot be read or parsed.
  using Apply = std::function<void(const std::optional<Settings>&)>;

  // Reads the file now, and again whenever it changes.
  SharedFile(EventLoop& loop, std::filesystem::path path, Apply apply);

  void read();

  [[nodiscard]] const std::optional<AutoFile>& content() const { return content_; }
  [[nodiscard]] SharedFileStatus status() const;

private:
  void read_changed();
  [[nodiscard]] bool try_read();

  std::filesystem::path path_;
  Apply apply_;
  std::optional<AutoFile> content_;
  Error error_; // of the last attempt to read it
  LoggedState state_{"shared file"};
  LineLimit revision_lines_;
  Debounce settled_;
  Timer retry_;
  FileWatch watch_;
};

} // namespace sfa::sflowovsd
