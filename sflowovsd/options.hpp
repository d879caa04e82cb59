// The command line of sflowovsd: its own options and those of every daemon of Open vSwitch.
#pragma once

#include <chrono>
#include <string>

namespace sfa::sflowovsd {

enum class Mode {
  daemon,
  once,    // converge and exit
  dry_run, // print the plan and exit
  clear,   // take our row off every bridge and exit
};

struct Options {
  Mode mode = Mode::daemon;
  std::string shared_file;
  std::string database;
  const char* unixctl = nullptr;    // the default path
  std::chrono::seconds timeout{30}; // of all modes but `daemon`
};

// Exits with 64 (EX_USAGE) and a message when they are wrong, with 0 after --help and --version.
[[nodiscard]] Options parse_options(int argc, char** argv);

} // namespace sfa::sflowovsd
