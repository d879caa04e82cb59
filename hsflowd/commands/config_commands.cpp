#include "commands/config_commands.hpp"

#include "commands/print.hpp"
#include "common/file.hpp"
#include "common/text.hpp"
#include "config/agent_address.hpp"
#include "config/config_file.hpp"
#include "dnssd/dns_sd_copy.hpp"
#include "dnssd/dns_sd_merge.hpp"
#include "netlink/host_addresses.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sysexits.h>
#include <utility>

namespace sfa::commands {

namespace {

config::LoadedConfig load_and_print_diagnostics(const std::filesystem::path& file) {
  config::LoadedConfig loaded = config::load_config_file(file);
  for (auto diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == config::Diagnostic::Severity::warning) {
      diagnostic.message.insert(0, "warning: "); // where compilers have it and editors look for it
    }
    fmt::print(stderr, "{}\n", diagnostic.to_string());
  }
  return loaded;
}

// Returns what there is to say about it, as comments.
std::string merge_copy(config::LoadedConfig& loaded, const std::filesystem::path& state_dir) {
  if (!loaded.config->dns_sd.on) {
    return "";
  }
  const auto copy = dnssd::read_dns_sd_copy(state_dir / dnssd::kDnsSdCopyName);
  if (!copy) {
    return fmt::format("# DNS-SD: {}\n", copy.error().message);
  }
  const config::DnsSdConfig& config = loaded.config->dns_sd;
  if (!*copy || !dnssd::is_usable((*copy)->answer, config)) {
    return "# DNS-SD: no answer is kept; `hsflowd dnssd` asks\n";
  }
  dnssd::MergedConfig merged = dnssd::merge_dns_sd(*loaded.config, loaded.origins, (*copy)->answer);
  loaded.config = std::move(merged.config);
  loaded.origins = std::move(merged.origins);
  const auto age = std::chrono::system_clock::now() - (*copy)->answered_at;
  std::string text = fmt::format("# DNS-SD: the answer of {}, kept {} s ago\n", (*copy)->answer.name,
                                 std::chrono::duration_cast<std::chrono::seconds>(age).count());
  for (const auto& problem : merged.problems) {
    text += fmt::format("# DNS record {}\n", problem.to_string());
  }
  return text;
}

} // namespace

int check_command(const std::filesystem::path& file) {
  return load_and_print_diagnostics(file).config ? EXIT_SUCCESS : EX_CONFIG;
}

int show_command(const std::filesystem::path& file, const ShowOptions& options) {
  config::LoadedConfig loaded = load_and_print_diagnostics(file);
  if (!loaded.config) {
    return EX_CONFIG;
  }
  if (!options.uuid.empty()) {
    loaded.config->uuid = options.uuid;
    loaded.origins["uuid"] = {.kind = config::Origin::Kind::command_line, .text = "--uuid"};
  }
  const std::string about_dns = merge_copy(loaded, options.state_dir);
  fmt::print("{}{}", show_config(loaded), about_dns);
  // As a comment, so that the whole is still a configuration.
  if (const auto addresses = netlink::read_host_addresses(); addresses && *addresses) {
    const std::string election =
        config::election_text(config::elect_agent_address(*loaded.config, **addresses));
    for (const auto line : lines(election)) {
      fmt::print("# {}\n", line);
    }
  }
  return EXIT_SUCCESS;
}

int convert_command(const std::filesystem::path& file) {
  const auto text = read_file(file, config::kMaxConfigBytes);
  if (!text || !*text) {
    fmt::print(stderr, "{}\n", text ? file.native() + ": no such file" : text.error().message);
    return EX_CONFIG;
  }
  const auto converted = convert_config(**text, file.native());
  if (!converted) {
    fmt::print(stderr, "{}\n", converted.error().message);
    return EX_CONFIG;
  }
  fmt::print("{}", *converted);
  return EXIT_SUCCESS;
}

} // namespace sfa::commands
