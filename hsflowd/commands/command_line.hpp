// The command line of hsflowd.
#pragma once

#include "commands/command.hpp"
#include "daemon/daemon_options.hpp"

namespace sfa::commands {

struct CommandLine {
  Run command = {};  // empty = run the daemon
  int verbosity = 0; // each step shows one more level of log messages
  bool log_to_syslog = false;
  daemon::DaemonOptions daemon = {};
};

// Exits with a message if the command line is wrong, and with 0 after --help and --version. The commands
// refer to `line`, which therefore must outlive them.
void parse_command_line(int argc, char** argv, CommandLine& line);

} // namespace sfa::commands
