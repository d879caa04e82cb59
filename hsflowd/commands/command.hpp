// A subcommand of hsflowd: a row in the table in command_line.cpp, and one file with its options and what it
// does. Only command_line.cpp includes CLI11, which takes seconds to compile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace sfa::daemon {
struct DaemonOptions;
}

namespace sfa::commands {

// Returns an error message, empty if `text` is valid.
using Check = std::function<std::string(const std::string& text)>;

// An option or argument of a command line, to restrict it further.
class AddedOption {
public:
  explicit AddedOption(CLI::Option& option) : option_(&option) {}

  AddedOption& check(const Check& check);
  AddedOption& range(double min, double max);
  AddedOption& choices(std::vector<std::string> values);
  AddedOption& excludes(const AddedOption& other);
  AddedOption& needs(const AddedOption& other);
  // --help shows the present value of the variable as the default.
  AddedOption& show_default();

private:
  CLI::Option* option_;
};

// Adds options and arguments to a command line. Parsing it sets the variables. A name that begins with a dash
// is an option ("-f,--file"), any other an argument ("FILE").
class OptionList {
public:
  explicit OptionList(CLI::App& app) : app_(&app) {}

  AddedOption add(const std::string& name, std::string& value, const std::string& description);
  AddedOption add(const std::string& name, std::filesystem::path& value, const std::string& description);
  AddedOption add(const std::string& name, std::optional<std::filesystem::path>& value,
                  const std::string& description);
  AddedOption add(const std::string& name, std::uint16_t& value, const std::string& description);
  AddedOption add(const std::string& name, double& value, const std::string& description);
  AddedOption add(const std::string& name, std::optional<double>& value, const std::string& description);
  // At least 1.
  AddedOption add(const std::string& name, std::optional<std::uint64_t>& value,
                  const std::string& description);
  void add_flag(const std::string& name, bool& value, const std::string& description);
  // Counts how often the flag is given.
  void add_flag(const std::string& name, int& count, const std::string& description);

  // The options of the daemon may follow the command, too: hsflowd status --run-dir DIR.
  void accept_daemon_options();

private:
  CLI::App* app_;
};

// Runs the command and returns the exit status. It owns the values of the options.
using Run = std::function<int()>;

// Adds the options of a command. `daemon` has the options in front of the command when the result is called.
using Prepare = Run(OptionList& options, const daemon::DaemonOptions& daemon);

struct Command {
  const char* name;
  const char* description;
  Prepare* prepare;
};

// Each in the file of its name.
Prepare prepare_check, prepare_show, prepare_convert, prepare_decode, prepare_dnssd, prepare_status;

} // namespace sfa::commands
