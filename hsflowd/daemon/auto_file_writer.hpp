// Publishes the active settings in the shared file, with a new revision whenever they change.
#pragma once

#include "common/auto_file.hpp"
#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"

#include <cstdint>
#include <filesystem>

namespace sfa::daemon {

class AutoFileWriter {
public:
  // `again` is called some time after a failed attempt. It publishes the settings that are active by then.
  AutoFileWriter(EventLoop& loop, std::filesystem::path path, Callback again);

  // Does not touch a file that has the same settings already, also if an earlier run wrote it.
  void publish(const Settings& settings);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // of the last file read or written; 0 if there was none
  [[nodiscard]] std::uint32_t revision() const { return revision_; }
  [[nodiscard]] const LoggedState& state() const { return state_; }

private:
  std::filesystem::path path_;
  std::uint32_t revision_ = 0;
  LoggedState state_{"shared file"};
  Debounce again_;
};

} // namespace sfa::daemon
