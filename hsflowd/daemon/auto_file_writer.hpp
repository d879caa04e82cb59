// Publishes the settings in force in hsflowd.auto, under a new revision whenever they change.
#pragma once

#include "common/auto_file.hpp"
#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace sfa::daemon {

class AutoFileWriter {
public:
  // `again` is called when it is time for another attempt after one that failed: it is to publish what is in
  // force by then.
  AutoFileWriter(EventLoop& loop, std::filesystem::path path, std::function<void()> again);

  // A file that says the same already is left alone, also one of an earlier run.
  void publish(const Settings& settings);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Of the last file seen or written; 0 = none yet.
  [[nodiscard]] std::uint32_t revision() const { return revision_; }
  [[nodiscard]] const LoggedState& state() const { return state_; }

private:
  std::filesystem::path path_;
  std::uint32_t revision_ = 0;
  LoggedState state_{"shared file"};
  Debounce again_;
};

} // namespace sfa::daemon
