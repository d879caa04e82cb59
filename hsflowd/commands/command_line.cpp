#include "commands/command_line.hpp"

#include "commands/version_text.hpp"
#include "common/uuid.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <sysexits.h>

namespace sfa::commands {

namespace {

std::string problem_of_uuid(const std::string& text) {
  const auto uuid = parse_uuid(text);
  return uuid ? std::string() : uuid.error().message;
}

void add_daemon_options(CLI::App& app, daemon::DaemonOptions& options) {
  app.add_option("-f,--config", options.config_file, "Configuration file")->capture_default_str();
  app.add_option("-o,--shared-config", options.shared_file,
                 "File to publish the settings in (default: hsflowd.auto in the run directory)");
  app.add_option("--run-dir", options.run_dir, "Directory of the shared file and of the status socket")
      ->capture_default_str();
  app.add_option("--state-dir", options.state_dir, "Directory of what is kept across boots")
      ->capture_default_str();
  app.add_option("-p,--pid-file", options.pid_file, "File to write the process id to");
  app.add_option("-u,--uuid", options.uuid, "UUID of this host")->check(problem_of_uuid);
  app.add_option("-m,--machine-id", options.machine_id, "Machine id to derive the host's UUID from");
}

} // namespace

CommandLine parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("Exports host counters as sFlow version 5 and publishes the resolved sFlow configuration.",
               "hsflowd");
  add_daemon_options(app, line.daemon);
  app.add_flag("-d,--debug", line.verbosity, "Log more; again for still more");
  app.set_version_flag("-v,--version", [] { return version_text(MODULE_DIR); });
  app.require_subcommand(0, 1);

  const auto add_command = [&](Command command, const char* name, const char* description) {
    auto* added = app.add_subcommand(name, description);
    added->callback([&line, command] { line.command = command; });
    return added;
  };
  const auto add_file_command = [&](Command command, const char* name, const char* description) {
    auto* added = add_command(command, name, description);
    added->add_option("FILE", line.config_file, "Configuration file (default: that of --config)");
    return added;
  };
  bool schema = false;
  add_file_command(Command::check, "check", "Check a configuration file and exit")
      ->add_flag("--schema", schema, "Print a JSON Schema of the YAML syntax, for editors, instead");
  add_file_command(Command::show, "show",
                   "Print what a configuration file resolves to, and where each value came from");
  add_file_command(Command::convert, "convert",
                   "Print a configuration file in the other syntax (classic or YAML)");
  add_decode_options(*add_command(Command::decode, "decode", "Print sFlow datagrams as JSON lines"),
                     line.decode);
  add_dnssd_options(
      *add_command(Command::dnssd, "dnssd", "Print what hosts would see in DNS, and what is wrong with it"),
      line.dnssd);
  auto* status = add_command(Command::status, "status", "Ask the running hsflowd how it is");
  add_status_options(*status, line.status);
  status->fallthrough(); // hsflowd status --run-dir DIR
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = app.exit(error) == 0; // for --help or --version
    std::exit(asked ? EXIT_SUCCESS : EX_USAGE);
  }

  if (schema) {
    line.command = Command::print_schema;
  }
  if (line.config_file.empty()) {
    line.config_file = line.daemon.config_file;
  }
  if (line.daemon.shared_file.empty()) {
    line.daemon.shared_file = line.daemon.run_dir / "hsflowd.auto";
  }
  return line;
}

} // namespace sfa::commands
