// Turns the text of a configuration file into a Config, or into the list of its errors.
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

// Where a value came from. An option without an origin has its default.
struct Origin {
  enum class Kind { file, dns, command_line };
  Kind kind = Kind::file;
  std::string text; // name of the file, of the DNS record, of the flag
  Place place = {}; // in a file

  // "hsflowd.conf:3", "DNS record _sflow._udp.example.com TXT", "command line --uuid".
  [[nodiscard]] std::string to_string() const;

  bool operator==(const Origin&) const = default;
};

// The keys are options ("polling", "sampling.http", "agent.cidr[0]", "dns-sd.domain", "collector[0].ip") and
// sections ("dns-sd", "collector[0]").
using Origins = std::map<std::string, Origin>;

// A known name that does nothing in this build.
struct Ignored {
  std::string path; // "docker", "xen.vbd"
  Origin origin;
};

struct LoadedConfig {
  std::optional<Config> config = {};        // nullopt if a diagnostic is an error
  std::vector<Diagnostic> diagnostics = {}; // in the order of the file
  Origins origins = {};
  std::vector<Ignored> ignored = {}; // in the order of the file
};

// Accepts both syntaxes and tells them apart by content. `file_name` appears only in diagnostics and origins.
[[nodiscard]] LoadedConfig load_config(std::string_view text, std::string_view file_name);

// Checks the syntax only.
[[nodiscard]] ParsedTree parse_config_tree(std::string_view text);

} // namespace sfa::config
