// Logs go through spdlog's default logger everywhere: spdlog::info("...") and so on.
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>

namespace sfa {

// Sends the default logger's output to the journal if stderr is connected to it (JOURNAL_STREAM,
// systemd.exec(5)), otherwise to stderr. `verbosity` 0 is info, 1 debug, 2 trace.
void log_to_journal_or_stderr(int verbosity);

// A state that is logged when it changes: one line when it fails, or fails with another error, and one when
// it recovers.
class LoggedState {
public:
  explicit LoggedState(std::string subject) : subject_(std::move(subject)) {}

  void ok();
  void failed(const Error& error);
  // The current failure, or empty.
  [[nodiscard]] const std::string& failure_text() const { return failure_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }

private:
  std::string subject_;
  std::string failure_;
};

} // namespace sfa
