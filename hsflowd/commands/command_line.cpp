#include "commands/command_line.hpp"

#include "commands/version_text.hpp"
#include "common/privileges.hpp"
#include "common/uuid.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <sysexits.h>

namespace sfa::commands {

namespace {

constexpr std::array kCommands{
    Command{"check", "Check a configuration file and exit", prepare_check},
    Command{"show", "Print what a configuration file resolves to, and where each value came from",
            prepare_show},
    Command{"convert", "Print a configuration file in the other syntax (classic or YAML)", prepare_convert},
    Command{"decode", "Print sFlow datagrams as JSON lines", prepare_decode},
    Command{"dnssd", "Check a DNS-SD zone as hosts would resolve it", prepare_dnssd},
    Command{"status", "Show the status of the running daemon", prepare_status},
};

std::string problem_of_uuid(const std::string& text) {
  const auto uuid = parse_uuid(text);
  return uuid ? std::string() : uuid.error().message;
}

std::string problem_of_user(const std::string& text) {
  const auto user = find_user(text);
  return user ? std::string() : user.error().message;
}

std::string problem_of_capabilities(const std::string& text) {
  const auto capabilities = parse_capabilities(text);
  return capabilities ? std::string() : capabilities.error().message;
}

void add_daemon_options(OptionList options, CommandLine& line) {
  daemon::DaemonOptions& daemon = line.daemon;
  options.add("-f,--config", daemon.config_file, "Configuration file").show_default();
  options.add("-o,--shared-config", daemon.shared_file,
              "File in which to publish the settings (default: hsflowd.auto in the run directory)");
  options.add("--run-dir", daemon.run_dir, "Directory of the shared file and of the status socket")
      .show_default();
  options
      .add("--ports-file", daemon.ports_file, "File in which sflowovsd publishes the ports of Open vSwitch")
      .show_default();
  options.add("--state-dir", daemon.state_dir, "Directory for persistent state").show_default();
  options.add("-p,--pid-file", daemon.pid_file, "File to write the process id to");
  const AddedOption user =
      options.add("--user", daemon.user, "User, or USER:GROUP, to become when started as root")
          .check(problem_of_user);
  options
      .add("--keep-capabilities", daemon.keep_capabilities,
           "Capabilities to keep with --user, separated by commas")
      .check(problem_of_capabilities)
      .needs(user);
  options.add("-u,--uuid", daemon.uuid, "UUID of this host").check(problem_of_uuid);
  options.add("-m,--machine-id", daemon.machine_id, "Machine id from which to derive the UUID of this host");
  options.add_flag("--syslog", line.log_to_syslog, "Log to syslog(3)");
  options.add_flag("-d,--debug", line.verbosity, "Log more; given twice, still more");
}

template <class T>
AddedOption add_option(CLI::App& app, const std::string& name, T& value, const std::string& description) {
  return AddedOption(*app.add_option(name, value, description));
}

} // namespace

AddedOption& AddedOption::check(const Check& check) {
  option_->check(check);
  return *this;
}

AddedOption& AddedOption::range(double min, double max) {
  const auto problem = [=](const std::string& text) {
    double value = 0; // NaN is in no range, but CLI::Range accepts it
    const bool valid = CLI::detail::lexical_cast(text, value) && value >= min && value <= max;
    return valid ? std::string() : fmt::format("Value {} not in range {} to {}", text, min, max);
  };
  option_->check(CLI::Validator(problem, fmt::format("[{} - {}]", min, max)));
  return *this;
}

AddedOption& AddedOption::choices(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return *this;
}

AddedOption& AddedOption::excludes(const AddedOption& other) {
  option_->excludes(other.option_);
  return *this;
}

AddedOption& AddedOption::needs(const AddedOption& other) {
  option_->needs(other.option_);
  return *this;
}

AddedOption& AddedOption::show_default() {
  option_->capture_default_str();
  return *this;
}

AddedOption OptionList::add(const std::string& name, std::string& value, const std::string& description) {
  return add_option(*app_, name, value, description);
}

AddedOption OptionList::add(const std::string& name, std::filesystem::path& value,
                            const std::string& description) {
  return add_option(*app_, name, value, description);
}

AddedOption OptionList::add(const std::string& name, std::optional<std::filesystem::path>& value,
                            const std::string& description) {
  return add_option(*app_, name, value, description);
}

AddedOption OptionList::add(const std::string& name, std::uint16_t& value, const std::string& description) {
  return add_option(*app_, name, value, description);
}

AddedOption OptionList::add(const std::string& name, double& value, const std::string& description) {
  return add_option(*app_, name, value, description);
}

AddedOption OptionList::add(const std::string& name, std::optional<double>& value,
                            const std::string& description) {
  return add_option(*app_, name, value, description);
}

AddedOption OptionList::add(const std::string& name, std::optional<std::uint64_t>& value,
                            const std::string& description) {
  auto* option = app_->add_option(name, value, description);
  option->check(CLI::PositiveNumber);
  return AddedOption(*option);
}

void OptionList::add_flag(const std::string& name, bool& value, const std::string& description) {
  app_->add_flag(name, value, description);
}

void OptionList::add_flag(const std::string& name, int& count, const std::string& description) {
  app_->add_flag(name, count, description);
}

void OptionList::accept_daemon_options() {
  app_->fallthrough();
}

void parse_command_line(int argc, char** argv, CommandLine& line) {
  CLI::App app("Exports host counters as sFlow version 5 and publishes the resolved sFlow configuration.",
               "hsflowd");
  add_daemon_options(OptionList(app), line);
  app.set_version_flag("-v,--version", [] { return version_text(MODULE_DIR); });
  app.require_subcommand(0, 1);
  for (const auto& command : kCommands) {
    CLI::App* added = app.add_subcommand(command.name, command.description);
    OptionList options(*added);
    added->callback([&line, run = command.prepare(options, line.daemon)] { line.command = run; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = app.exit(error) == 0; // for --help or --version
    std::exit(asked ? EXIT_SUCCESS : EX_USAGE);
  }
  if (line.daemon.shared_file.empty()) {
    line.daemon.shared_file = line.daemon.run_dir / "hsflowd.auto";
  }
}

} // namespace sfa::commands
