// hsflowd: exports host counters as sFlow, and tells sflowovsd what it resolved.

#include "common/event_loop.hpp"
#include "common/file.hpp"
#include "common/log.hpp"
#include "common/service.hpp"
#include "config/schema.hpp"
#include "hsflowd/command_line.hpp"
#include "hsflowd/pid_file.hpp"

#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <stdexcept>
#include <sysexits.h>

namespace {

using namespace sfa;

int run_daemon(const DaemonOptions& options) {
  const auto file = load_config_and_log(options.config_file);
  if (!file) {
    return EX_CONFIG;
  }
  EventLoop loop;
  const Daemon daemon(loop, options, *file);
  const PidFile pid_file(options.pid_file);
  loop.enable_watchdog();
  notify_ready();
  loop.run();
  notify_stopping();
  return EXIT_SUCCESS;
}

int run(const CommandLine& line) {
  switch (line.command) {
  case Command::run:
    return run_daemon(line.daemon);
  case Command::check:
    return check_command(line.config_file);
  case Command::print_schema:
    fmt::print("{}", json_schema());
    return EXIT_SUCCESS;
  case Command::show:
    return show_command(line.config_file, {.uuid = line.daemon.uuid, .state_dir = line.daemon.state_dir});
  case Command::convert:
    return convert_command(line.config_file);
  case Command::decode:
    return decode(line.decode);
  case Command::dnssd:
    return dnssd(line.dnssd, line.config_file);
  case Command::status:
    return show_status(line.daemon.run_dir, line.status);
  }
  return EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
  const CommandLine line = parse_command_line(argc, argv);
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
