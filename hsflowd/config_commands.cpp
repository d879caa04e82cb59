#include "hsflowd/config_commands.hpp"

#include "common/file.hpp"
#include "common/text.hpp"
#include "config/agent_address.hpp"
#include "config/config_file.hpp"
#include "config/host_addresses.hpp"
#include "config/print.hpp"

#include <cstdio>
#include <cstdlib>
#include <sysexits.h>

namespace sfa {

namespace {

LoadedConfig load_and_print_diagnostics(const std::filesystem::path& file) {
  LoadedConfig loaded = load_config_file(file);
  for (const auto& diagnostic : loaded.diagnostics) {
    fmt::print(stderr, "{}\n", diagnostic.to_string());
  }
  return loaded;
}

} // namespace

int check_command(const std::filesystem::path& file) {
  return load_and_print_diagnostics(file).config ? EXIT_SUCCESS : EX_CONFIG;
}

int show_command(const std::filesystem::path& file, const std::string& uuid) {
  LoadedConfig loaded = load_and_print_diagnostics(file);
  if (!loaded.config) {
    return EX_CONFIG;
  }
  if (!uuid.empty()) {
    loaded.config->uuid = uuid;
    loaded.origins["uuid"] = {.kind = Origin::Kind::command_line, .text = "--uuid"};
  }
  fmt::print("{}", show_config(loaded));
  // As a comment, so that the whole is still a configuration.
  if (const auto addresses = read_host_addresses()) {
    const std::string election = election_text(elect_agent_address(*loaded.config, *addresses));
    for (const auto line : lines(election)) {
      fmt::print("# {}\n", line);
    }
  }
  return EXIT_SUCCESS;
}

int convert_command(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxConfigBytes);
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

} // namespace sfa
