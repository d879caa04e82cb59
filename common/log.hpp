// Logs go through spdlog's default logger everywhere: spdlog::info("...") and so on.
#pragma once

#include "common/line_limit.hpp"
#include "common/result.hpp"

#include <string>
#include <string_view>

namespace sfa {

enum class LogTo {
  journal_or_stderr, // the journal if stderr is connected to it (JOURNAL_STREAM, systemd.exec(5))
  syslog             // syslog(3), for init scripts
};

// Sends the default logger's output there. `verbosity` 0 is info, 1 debug, 2 trace.
void start_log(LogTo to, int verbosity);

// A state that is logged when it changes: one line when it fails, or fails with another error, and one when
// it recovers. If it changes all the time, a failure is logged four times at once and then every 30 s, at the
// first call at which it may be; and a recovery only if its failure was.
class LoggedState {
public:
  explicit LoggedState(std::string subject) : subject_(std::move(subject)) {}

  void ok();
  void failed(const Error& error, LineLimit::Time now = std::chrono::steady_clock::now());
  // The current failure, or empty.
  [[nodiscard]] const std::string& failure_text() const { return failure_; }
  [[nodiscard]] const std::string& subject() const { return subject_; }

private:
  void count_if_left_out();

  std::string subject_;
  std::string failure_;
  std::string logged_;    // the failure that the log ends with, or empty
  unsigned left_out_ = 0; // failures since the last line of one that have passed without a line
  LineLimit limit_{4, std::chrono::seconds(30)};
};

} // namespace sfa
