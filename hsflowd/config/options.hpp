// THE option table: one row per option. Both syntaxes, DNS TXT, `check`, `show`, `convert`, the JSON Schema
// and the tables in docs/configuration.md are driven by it. A new option is one new row in option_rows.cpp.
#pragma once

#include "config/config.hpp"
#include "config/value.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::config {

// A value in a Config, with the NAME if the option is a family.
struct NamedValue {
  std::string name;
  Value value;
};

// Connects an option with its place in a Config. Options of a repeatable section set the last one, and get
// the one at the index. `get` returns no value if the option is not set, and several for a list or a family.
struct Access {
  void (*set)(Config& config, const Value& value, std::string_view name);
  std::vector<NamedValue> (*get)(const Config& config, std::size_t index);
};

struct Option {
  std::string_view section; // empty = the top
  // As we spell it; case does not matter. "sampling.NAME" is a family of options.
  std::string_view name;
  Type type;
  std::string_view standard; // the default as text; empty = none
  std::string_view doc;      // one line
  enum Flag : unsigned { kRepeatable = 1, kDnsTxt = 2, kRequired = 4 };
  unsigned flags;
  Access access;
  std::string_view replaced_by = {}; // of a deprecated switch: the section whose presence means the same

  [[nodiscard]] bool repeatable() const { return (flags & kRepeatable) != 0; }
  [[nodiscard]] bool in_dns_txt() const { return (flags & kDnsTxt) != 0; }
  [[nodiscard]] bool required() const { return (flags & kRequired) != 0; }
  [[nodiscard]] bool deprecated() const { return !replaced_by.empty(); }
  [[nodiscard]] bool is_family() const { return name.ends_with(".NAME"); }
};

// Another name of an option.
struct Alias {
  std::string_view section;
  std::string_view name;
  std::string_view target_section;
  std::string_view target_name;
  bool deprecated = true;
};

// kNamesCollectors: a configuration needs at least one section with this flag.
// kExclusive: a configuration has at most one section with this flag.
enum SectionFlag : unsigned { kRepeatableSection = 1, kNamesCollectors = 2, kExclusive = 4 };

// What is wrong with the options of a section taken together.
struct SectionProblem {
  std::string_view option; // where to report it
  std::string message;
};

// All sections are at the top.
struct SectionRow {
  std::string_view name;
  std::string_view doc;
  unsigned flags = 0;
  std::string_view plural = {};                         // its other name, under which YAML has the list
  void (*open)(Config& config) = nullptr;               // applies the mere presence of the section
  std::size_t (*count)(const Config& config) = nullptr; // sections in a Config; null = always one
  void (*reset)(Config& config) = nullptr;              // clears its options if there is no such section
  std::optional<SectionProblem> (*check)(const Config& config, std::size_t index) = nullptr;
  std::size_t most = std::numeric_limits<std::size_t>::max(); // as many sections

  [[nodiscard]] bool repeatable() const { return (flags & kRepeatableSection) != 0; }
  [[nodiscard]] std::size_t count_in(const Config& config) const {
    return count == nullptr ? 1 : count(config);
  }
  // "dns-sd", "collector[0]".
  [[nodiscard]] std::string origin_path(std::size_t index) const;
};

// A name that host-sflow's configurations have and that does nothing here. It is accepted with a warning, and
// the content of such a section is not checked.
struct IgnoredName {
  std::string_view section = {}; // empty = the top
  std::string_view name = {};
  std::string_view doc = {}; // one line
  bool is_section = true;
  unsigned flags = 0; // SectionFlag
  // Options of this section that the top has too, separated by `|`: they do not mean that a `}` is missing.
  std::string_view shared_options = {};
};

[[nodiscard]] std::span<const Option> all_options();
[[nodiscard]] std::span<const Alias> all_aliases();
[[nodiscard]] std::span<const SectionRow> all_sections();
[[nodiscard]] std::span<const IgnoredName> all_ignored_names();

struct FoundOption {
  const Option* option = nullptr; // never null
  const Alias* alias = nullptr;   // if found by another name
  std::string family_name;        // "http" of "sampling.HTTP", "10G" of "sampling.10g"
};

// All of these take keys in any case. `section` is empty for the top.
[[nodiscard]] std::optional<FoundOption> find_option(std::string_view section, std::string_view key);
[[nodiscard]] const SectionRow* find_section(std::string_view parent, std::string_view key);
[[nodiscard]] const IgnoredName* find_ignored(std::string_view section, std::string_view key);

// "ip" in "collector" is "collector.ip"; at the top it is "ip".
[[nodiscard]] std::string join_path(std::string_view parent_path, std::string_view name);

// "polling", and "sampling.http" of the family "sampling.NAME".
[[nodiscard]] std::string option_key(const Option& option, std::string_view family_name);

// Where a key is known: the top, or the first section that has it.
[[nodiscard]] std::optional<std::string_view> section_that_knows(std::string_view key);

// The known key of that section that is spelled most like `key`; empty if none is similar.
[[nodiscard]] std::string_view nearest_key(std::string_view section, std::string_view key);

} // namespace sfa::config
