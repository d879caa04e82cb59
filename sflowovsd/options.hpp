// The command line of sflowovsd: its own options and those of all Open vSwitch daemons.
#pragma once

#include "common/privileges.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sfa::sflowovsd {

enum class Mode {
  daemon,
  once,    // bring the bridges up to date and exit
  dry_run, // print the plan and exit
  clear,   // remove our rows from every bridge and exit
};

struct Options {
  Mode mode = Mode::daemon;
  std::string shared_file;
  std::string ports_file; // empty: none
  std::string database;
  std::optional<User> user = {};    // to become
  const char* unixctl = nullptr;    // nullptr: the default path
  std::chrono::seconds timeout{30}; // of all modes except `daemon`
};

// Exits with 64 (EX_USAGE) and a message if they are invalid, and with 0 after --help and --version.
[[nodiscard]] Options parse_options(int argc, char** argv);

} // namespace sfa::sflowovsd
