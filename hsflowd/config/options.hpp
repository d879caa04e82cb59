// THE option table: one row an option. Both syntaxes, DNS TXT, `check`, `show`, `convert`, the JSON Schema
// and the table in docs/configuration.md are all driven by it, so that a new option is one new row.
#pragma once

#include "config/config.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::config {

// A value in a Config, with the NAME when the option stands for a family.
struct NamedValue {
  std::string name;
  Value value;
};

// The way between an option and its place in a Config. Options of `collector` set the last collector, and get
// that of the index. What is not set has no value; what is repeatable or a family may have many.
struct Access {
  void (*set)(Config& config, const Value& value, std::string_view name) = nullptr;
  std::vector<NamedValue> (*get)(const Config& config, std::size_t index) = nullptr;
};

struct Option {
  // Path of the section: "" is the top, "os10.port" a section in a section.
  std::string_view section;
  // As we spell it; case does not matter. "sampling.NAME" stands for a family of options.
  std::string_view name;
  Type type;
  std::string_view standard; // the default as text; empty = none
  std::string_view doc;      // one line
  enum Flag : unsigned { kRepeatable = 1, kDnsTxt = 2 };
  unsigned flags = 0;

  Access access = {};                // none: parsed and checked, but not used by this build
  std::string_view replaced_by = {}; // of a deprecated option: the section whose presence means the same

  [[nodiscard]] bool supported() const { return access.set != nullptr; }
  [[nodiscard]] bool repeatable() const { return (flags & kRepeatable) != 0; }
  [[nodiscard]] bool in_dns_txt() const { return (flags & kDnsTxt) != 0; }
  [[nodiscard]] bool deprecated() const { return !replaced_by.empty(); }
  [[nodiscard]] bool is_family() const { return name.ends_with(".NAME"); }
};

// Another name for an option or, with empty names, for a section.
struct Alias {
  std::string_view section;
  std::string_view name;
  std::string_view target_section;
  std::string_view target_name;
  bool deprecated = true;
};

struct SectionRow {
  std::string_view path;
  std::string_view doc;
  bool repeatable = false;
  bool supported = false;
  std::string_view options_of = {};                     // has the options of that section; empty = its own
  void (*open)(Config& config) = nullptr;               // what its mere presence means
  std::size_t (*count)(const Config& config) = nullptr; // how many a Config has; null = always one
};

[[nodiscard]] std::span<const Option> all_options();
[[nodiscard]] std::span<const Alias> all_aliases();
[[nodiscard]] std::span<const SectionRow> all_sections();

struct FoundOption {
  const Option* option = nullptr; // never null
  const Alias* alias = nullptr;   // when found by another name
  std::string family_name;        // "http" of "sampling.HTTP", "10G" of "sampling.10g"
};

// `key` in any case. Nothing: no such option in that section.
[[nodiscard]] std::optional<FoundOption> find_option(std::string_view section, std::string_view key);
[[nodiscard]] const SectionRow* find_section(std::string_view parent_path, std::string_view name);

// "collector" in "" is "collector", "port" in "os10" is "os10.port".
[[nodiscard]] std::string join_path(std::string_view parent_path, std::string_view name);

// "polling", and "sampling.http" of the family "sampling.NAME".
[[nodiscard]] std::string option_key(const Option& option, std::string_view family_name);

// Where else the key is known: the top, or the first such section that is supported.
[[nodiscard]] std::optional<std::string_view> section_that_knows(std::string_view key);

// The known key or section of that section that is spelled most like `key`; empty when none is.
[[nodiscard]] std::string_view nearest_key(std::string_view section, std::string_view key);

} // namespace sfa::config
