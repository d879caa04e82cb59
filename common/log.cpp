#include "common/log.hpp"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/sinks/systemd_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sfa {

namespace {

bool stderr_is_the_journal() {
  struct stat target {};
  const char* stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && fstat(STDERR_FILENO, &target) == 0 &&
         fmt::format("{}:{}", target.st_dev, target.st_ino) == stream;
}

} // namespace

void start_log(LogTo to, int verbosity) {
  spdlog::sink_ptr sink;
  if (to == LogTo::syslog) {
    constexpr bool kFormatted = false; // syslog adds the time, and has levels of its own
    sink = std::make_shared<spdlog::sinks::syslog_sink_st>(program_invocation_short_name, LOG_PID, LOG_DAEMON,
                                                           kFormatted);
  } else if (stderr_is_the_journal()) {
    sink = std::make_shared<spdlog::sinks::systemd_sink_st>();
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$: %v");
  }
  // The name becomes the journal's SYSLOG_IDENTIFIER. On stderr it is not shown.
  auto logger = std::make_shared<spdlog::logger>(program_invocation_short_name, std::move(sink));
  logger->set_level(verbosity == 0 ? spdlog::level::info
                                   : (verbosity == 1 ? spdlog::level::debug : spdlog::level::trace));
  spdlog::set_default_logger(std::move(logger));
}

void LoggedState::ok() {
  count_if_left_out();
  if (!logged_.empty()) {
    spdlog::info("{}: recovered", subject_);
    logged_.clear();
  }
  failure_.clear();
}

void LoggedState::failed(const Error& error, LineLimit::Time now) {
  if (failure_ != error.message) {
    count_if_left_out();
    failure_ = error.message;
  }
  if (logged_ == failure_ || !limit_.admits(now)) {
    return;
  }
  spdlog::warn("{}: {}", subject_,
               left_out_ == 0 ? failure_
                              : fmt::format("{} (and {} failures before it)", failure_, left_out_));
  logged_ = failure_;
  left_out_ = 0;
}

void LoggedState::count_if_left_out() {
  if (!failure_.empty() && failure_ != logged_) {
    ++left_out_;
  }
}

} // namespace sfa
