// From the text of a configuration file to a Config, or to what is wrong with it.
#pragma once

#include "config/config.hpp"
#include "config/diagnostic.hpp"
#include "config/tree.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::config {

inline constexpr std::size_t kMaxConfigBytes = std::size_t{256} * 1024;

// Where a value came from. An option that is in no map of origins has its default.
struct Origin {
  enum class Kind { file, dns, command_line };
  Kind kind = Kind::file;
  std::string text;     // name of the file, of the DNS record, of the flag
  Place place = {};     // in a file
  bool in_force = true; // false: this build does not support the option and ignores it

  // "hsflowd.conf:3", "DNS record _sflow._udp.example.com TXT", "command line --uuid".
  [[nodiscard]] std::string to_string() const;

  bool operator==(const Origin&) const = default;
};

// By option: "polling", "sampling.http", "agent.cidr[0]", "dns-sd.domain", "collector[0].ip"; and by section:
// "dns-sd", "collector[0]".
using Origins = std::map<std::string, Origin>;

struct LoadedConfig {
  std::optional<Config> config;        // empty when a diagnostic is an error
  std::vector<Diagnostic> diagnostics; // in the order of the file
  Origins origins;
};

// Both syntaxes, told apart by content. `file_name` is only for diagnostics and origins.
[[nodiscard]] LoadedConfig load_config(std::string_view text, std::string_view file_name);

// The syntax alone.
[[nodiscard]] ParsedTree parse_config_tree(std::string_view text);

} // namespace sfa::config
