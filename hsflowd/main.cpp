// hsflowd: exports host counters as sFlow, and tells sflowovsd what it resolved.

#include "common/auto_file.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/service.hpp"
#include "config/schema.hpp"
#include "hsflowd/config_commands.hpp"
#include "hsflowd/daemon.hpp"
#include "hsflowd/decode_command.hpp"
#include "hsflowd/dnssd_command.hpp"
#include "hsflowd/pid_file.hpp"
#include "hsflowd/status_command.hpp"
#include "hsflowd/version_text.hpp"
#include "sources/host_uuid.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <spdlog/spdlog.h>
#include <sysexits.h>

namespace {

using namespace sfa;

int run(const DaemonOptions& options) {
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

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Exports host counters as sFlow version 5 and publishes the resolved sFlow configuration.",
               "hsflowd");
  DaemonOptions options;
  int verbosity = 0;
  app.add_option("-f,--config", options.config_file, "Configuration file")->capture_default_str();
  const auto* shared_file =
      app.add_option("-o,--shared-config", options.shared_file,
                     "File to publish the settings in (default: hsflowd.auto in the run directory)");
  app.add_option("--run-dir", options.run_dir, "Directory of the shared file and of the status socket")
      ->capture_default_str();
  app.add_option("--state-dir", options.state_dir, "Directory of what is kept across boots")
      ->capture_default_str();
  app.add_option("-p,--pid-file", options.pid_file, "File to write the process id to");
  app.add_option("-u,--uuid", options.uuid, "UUID of this host")->check([](const std::string& text) {
    const auto uuid = parse_uuid(text);
    return uuid ? std::string() : uuid.error().message;
  });
  app.add_option("-m,--machine-id", options.machine_id, "Machine id to derive the host's UUID from");
  app.add_flag("-d,--debug", verbosity, "Log more; again for still more");
  app.set_version_flag("-v,--version", [] { return version_text(MODULE_DIR); });
  app.require_subcommand(0, 1);

  std::string file;
  const auto add_file_command = [&](const char* name, const char* description) {
    auto* command = app.add_subcommand(name, description);
    command->add_option("FILE", file, "Configuration file (default: that of --config)");
    return command;
  };
  auto* check = add_file_command("check", "Check a configuration file and exit");
  bool schema = false;
  check->add_flag("--schema", schema, "Print a JSON Schema of the YAML syntax, for editors, instead");
  auto* show =
      add_file_command("show", "Print what a configuration file resolves to, and where each value came from");
  auto* convert =
      add_file_command("convert", "Print a configuration file in the other syntax (classic or YAML)");
  DecodeOptions decode_options;
  auto* decode_command = app.add_subcommand("decode", "Print sFlow datagrams as JSON lines");
  add_decode_options(*decode_command, decode_options);
  DnssdOptions dnssd_options;
  auto* dnssd_command =
      app.add_subcommand("dnssd", "Print what hosts would see in DNS, and what is wrong with it");
  add_dnssd_options(*dnssd_command, dnssd_options);
  StatusOptions status_options;
  auto* status_command = app.add_subcommand("status", "Ask the running hsflowd how it is");
  add_status_options(*status_command, status_options);
  status_command->fallthrough(); // hsflowd status --run-dir DIR
  CLI11_PARSE(app, argc, argv);
  if (shared_file->empty()) {
    options.shared_file = options.run_dir / "hsflowd.auto";
  }

  log_to_journal_or_stderr(verbosity);
  try {
    const std::filesystem::path config_file =
        file.empty() ? options.config_file : std::filesystem::path(file);
    if (schema) {
      fmt::print("{}", json_schema());
      return EXIT_SUCCESS;
    }
    if (check->parsed()) {
      return check_command(config_file);
    }
    if (show->parsed()) {
      return show_command(config_file, {.uuid = options.uuid, .state_dir = options.state_dir});
    }
    if (convert->parsed()) {
      return convert_command(config_file);
    }
    if (decode_command->parsed()) {
      return decode(decode_options);
    }
    if (dnssd_command->parsed()) {
      return dnssd(dnssd_options, config_file);
    }
    if (status_command->parsed()) {
      return show_status(options.run_dir, status_options);
    }
    return run(options);
  } catch (const std::exception& error) {
    spdlog::critical("{}", error.what());
    return EXIT_FAILURE;
  }
}
