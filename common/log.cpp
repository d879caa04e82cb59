#include "common/log.hpp"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
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

void log_to_journal_or_stderr(int verbosity) {
  spdlog::sink_ptr sink;
  if (stderr_is_the_journal()) {
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
  if (!failure_.empty()) {
    spdlog::info("{}: recovered", subject_);
    failure_.clear();
  }
}

void LoggedState::failed(const Error& error) {
  if (failure_ != error.message) {
    spdlog::warn("{}: {}", subject_, error.message);
    failure_ = error.message;
  }
}

} // namespace sfa
