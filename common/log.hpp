// Logs go through spdlog's default logger everywhere: spdlog::info("...") and so on.
#pragma once

#include "common/result.hpp"

#include <string>
#include <string_view>

namespace sfa {

// Sends the default logger to the journal when stderr is connected to it (JOURNAL_STREAM, systemd.exec(5)),
// otherwise to stderr. Each `verbosity` above 0 shows one level more than info.
void log_to_journal_or_stderr(int verbosity);

// A state that is logged when it changes: one line when it starts to fail or fails differently, one when it
// recovers.
class LoggedState {
public:
  explicit LoggedState(std::string subject) : subject_(std::move(subject)) {}

  void ok();
  void failed(const Error& error);
  // The last failure; empty while all is well.
  [[nodiscard]] const std::string& failure_text() const { return failure_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }

private:
  std::string subject_;
  std::string failure_;
};

} // namespace sfa
