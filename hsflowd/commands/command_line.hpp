// The command line of hsflowd: what to do, and the options for it.
#pragma once

#include "commands/config_commands.hpp"
#include "commands/decode_command.hpp"
#include "commands/dnssd_command.hpp"
#include "commands/status_command.hpp"
#include "daemon/daemon.hpp"

#include <filesystem>

namespace sfa::commands {

enum class Command { run, check, print_schema, show, convert, decode, dnssd, status };

struct CommandLine {
  Command command = Command::run;
  std::filesystem::path config_file; // of every command that takes one
  int verbosity = 0;                 // 0 = as usual, each step shows one level more
  daemon::DaemonOptions daemon;
  DecodeOptions decode;
  DnssdOptions dnssd;
  StatusOptions status;
};

// Exits with a message when it is wrong, and with 0 after --help and --version.
[[nodiscard]] CommandLine parse_command_line(int argc, char** argv);

} // namespace sfa::commands
