// hsflowd: exports host counters as sFlow, and publishes the resolved settings for sflowovsd.

#include "commands/command_line.hpp"
#include "common/event_loop.hpp"
#include "common/file.hpp"
#include "common/log.hpp"
#include "common/privileges.hpp"
#include "common/service.hpp"
#include "common/worker_thread.hpp"
#include "config/config_file.hpp"
#include "daemon/daemon.hpp"
#include "daemon/pid_file.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <sysexits.h>

namespace {

using namespace sfa;

// Before anything from outside is read. Throws if it cannot.
void become_user(const daemon::DaemonOptions& options) {
  if (options.user.empty()) {
    return;
  }
  const auto became = find_user(options.user).and_then([&](const User& user) {
    return parse_capabilities(options.keep_capabilities).and_then([&](const auto& capabilities) {
      return become(user, capabilities, {options.run_dir, options.state_dir});
    });
  });
  if (!became) {
    throw std::runtime_error(became.error().message);
  }
}

int run_daemon(const daemon::DaemonOptions& options) {
  become_user(options);
  const auto file = config::load_config_and_log(options.config_file);
  if (!file) {
    return EX_CONFIG;
  }
  EventLoop loop;
  const daemon::Daemon daemon(loop, options, *file);
  const daemon::PidFile pid_file(options.pid_file);
  loop.enable_watchdog();
  notify_ready();
  loop.run();
  notify_stopping();
  return EXIT_SUCCESS;
}

// As exit(3) does, but without destroying what a thread that was left behind may use.
int end(int status) {
  if (WorkerThread::any_left_behind()) {
    std::_Exit(status);
  }
  return status;
}

} // namespace

int main(int argc, char** argv) {
  hold_signal(SIGHUP); // a reload during the start must not end the daemon
  commands::CommandLine line;
  commands::parse_command_line(argc, argv, line);
  if (line.command) {
    release_signal(SIGHUP);
  }
  start_log(line.log_to_syslog ? LogTo::syslog : LogTo::journal_or_stderr, line.verbosity);
  try {
    const int status = line.command ? line.command() : run_daemon(line.daemon);
    if (const auto written = flush_output(); !written) {
      throw std::runtime_error(written.error().message);
    }
    return end(status);
  } catch (const std::bad_alloc&) {
    spdlog::critical("out of memory");
    return end(EXIT_FAILURE);
  } catch (const std::exception& error) {
    spdlog::critical("{}", error.what());
    return end(EXIT_FAILURE);
  }
}
