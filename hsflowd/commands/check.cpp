#include "commands/check.hpp"

#include "commands/command.hpp"
#include "commands/schema.hpp"
#include "config/config_file.hpp"
#include "daemon/daemon_options.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sysexits.h>

namespace sfa::commands {

namespace {

struct CheckOptions {
  std::filesystem::path file;
  bool schema = false;
};

int check(const CheckOptions& options, const daemon::DaemonOptions& daemon) {
  if (options.schema) {
    fmt::print("{}", json_schema());
    return EXIT_SUCCESS;
  }
  const auto loaded = load_and_report(options.file.empty() ? daemon.config_file : options.file);
  return loaded.config ? EXIT_SUCCESS : EX_CONFIG;
}

} // namespace

config::LoadedConfig load_and_report(const std::filesystem::path& file) {
  config::LoadedConfig loaded = config::load_config_file(file);
  for (auto diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == config::Diagnostic::Severity::warning) {
      diagnostic.message.insert(0, "warning: "); // as compilers do, so that editors find it
    }
    fmt::print(stderr, "{}\n", diagnostic.to_string());
  }
  return loaded;
}

Run prepare_check(OptionList& list, const daemon::DaemonOptions& daemon) {
  const auto options = std::make_shared<CheckOptions>();
  list.add("FILE", options->file, "Configuration file (default: that of --config)");
  list.add_flag("--schema", options->schema, "Print a JSON Schema of the YAML syntax, for editors, instead");
  return [options, &daemon] { return check(*options, daemon); };
}

} // namespace sfa::commands
