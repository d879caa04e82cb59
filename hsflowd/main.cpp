// hsflowd: exports host counters as sFlow, and tells sflowovsd what it resolved.

#include "commands/command_line.hpp"
#include "commands/schema.hpp"
#include "common/event_loop.hpp"
#include "common/file.hpp"
#include "common/log.hpp"
#include "common/service.hpp"
#include "daemon/pid_file.hpp"

#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <sysexits.h>

namespace {

using namespace sfa;

int run_daemon(const daemon::DaemonOptions& options) {
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

int run(const commands::CommandLine& line) {
  switch (line.command) {
  case commands::Command::run:
    return run_daemon(line.daemon);
  case commands::Command::check:
    return commands::check_command(line.config_file);
  case commands::Command::print_schema:
    fmt::print("{}", commands::json_schema());
    return EXIT_SUCCESS;
  case commands::Command::show:
    return commands::show_command(line.config_file,
                                  {.uuid = line.daemon.uuid, .state_dir = line.daemon.state_dir});
  case commands::Command::convert:
    return commands::convert_command(line.config_file);
  case commands::Command::decode:
    return commands::decode(line.decode);
  case commands::Command::dnssd:
    return commands::dnssd(line.dnssd, line.config_file);
  case commands::Command::status:
    return commands::show_status(line.daemon.run_dir, line.status);
  }
  return EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
  const commands::CommandLine line = commands::parse_command_line(argc, argv);
  log_to_journal_or_stderr(line.verbosity);
  try {
    const int status = run(line);
    if (const auto written = flush_output(); !written) {
      throw std::runtime_error(written.error().message);
    }
    return status;
  } catch (const std::exception& error) {
    spdlog::critical("{}", error.what());
    return EXIT_FAILURE;
  }
}
