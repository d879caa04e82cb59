#include "config/load.hpp"

#include "common/text.hpp"
#include "config/classic.hpp"
#include "config/options.hpp"
#include "config/yaml.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace sfa::config {

namespace {

using Severity = Diagnostic::Severity;

std::string shown(std::string_view text) {
  return text.empty() ? "nothing" : fmt::format("`{}`", printable(text));
}

std::string in_section(std::string_view path) {
  return path.empty() ? "at the top of the configuration" : fmt::format("in section `{}`", path);
}

// Visits the tree once.
class Loader {
public:
  Loader(std::string_view file_name, bool unclosed) : file_name_(file_name), unclosed_(unclosed) {}

  LoadedConfig load(const Section& top) {
    visit(top, {});
    if (!has_error(loaded_.diagnostics)) {
      check_sections(top.place);
      check_collectors(top.place);
      check_exclusive(top.place);
    }
    for (const auto& row : all_sections()) {
      if (row.reset != nullptr && row.count_in(config_) == 0) {
        row.reset(config_);
      }
    }
    if (!has_error(loaded_.diagnostics)) {
      loaded_.config = std::move(config_);
    }
    return std::move(loaded_);
  }

private:
  struct Scope {
    std::string_view section; // in the table; empty = the top
    std::string origin;       // the same with an index: "collector[0]"
  };

  void report(Severity severity, Place place, std::string message) {
    loaded_.diagnostics.push_back({severity, file_name_, place, std::move(message)});
  }
  void error(Place place, std::string message) { report(Severity::error, place, std::move(message)); }
  void warning(Place place, std::string message) { report(Severity::warning, place, std::move(message)); }

  [[nodiscard]] Origin origin_at(Place place) const { return {Origin::Kind::file, file_name_, place}; }

  void visit(const Section& node, const Scope& scope) {
    in_file_order(
        node, [&](const Setting& setting) { on_setting(setting, scope); },
        [&](const Section& section) { on_section(section, scope); });
  }

  void on_setting(const Setting& setting, const Scope& scope) {
    const IgnoredName* ignored = find_ignored(scope.section, setting.key);
    if (const auto found = find_option(scope.section, setting.key)) {
      on_option(setting, *found, scope);
    } else if (ignored != nullptr && !ignored->is_section) {
      on_ignored(*ignored, setting.key_place, scope);
    } else if (ignored == nullptr && find_section(scope.section, setting.key) == nullptr) {
      on_unknown(setting.key, setting.key_place, scope);
    } else if (setting.value.empty()) {
      on_section({.name = setting.key, .place = setting.key_place}, scope); // YAML: "dns-sd:" without a value
    } else {
      error(setting.value_place,
            fmt::format("{}: found {}, expected a section", setting.key, shown(setting.value)));
    }
  }

  void on_option(const Setting& setting, const FoundOption& found, const Scope& scope) {
    const Option& option = *found.option;
    const auto value = parse_value(option.type, setting.value);
    if (!value) {
      error(setting.value_place, fmt::format("{}: {}", setting.key, value.error().message));
      return;
    }
    if (setting.in_list && !option.repeatable()) {
      error(setting.value_place,
            fmt::format("{}: found a list, expected {}", setting.key, expected_text(option.type)));
      return;
    }
    std::string path = origin_path(found, scope);
    if (option.repeatable()) {
      path += fmt::format("[{}]", counts_[path]++);
    }
    warn_of_use(setting, found, path);
    loaded_.origins[path] = origin_at(setting.key_place);
    option.access.set(config_, *value, found.family_name);
  }

  static std::string origin_path(const FoundOption& found, const Scope& scope) {
    if (found.option->deprecated()) {
      return std::string(found.option->replaced_by);
    }
    const std::string key = option_key(*found.option, found.family_name);
    return join_path(found.alias != nullptr ? found.option->section : std::string_view(scope.origin), key);
  }

  void warn_of_use(const Setting& setting, const FoundOption& found, const std::string& path) {
    const auto before = loaded_.origins.find(path);
    if (before != loaded_.origins.end()) {
      warning(setting.key_place, fmt::format("`{}` was already set in line {}; the last value counts",
                                             setting.key, before->second.place.line));
    }
    if (found.alias != nullptr && found.alias->deprecated) {
      warning(setting.key_place,
              fmt::format("`{}` is deprecated, use {}", setting.key, replacement(*found.option)));
    } else if (found.option->deprecated()) {
      warning(setting.key_place,
              fmt::format("`{}` is deprecated, use section `{}`", setting.key, found.option->replaced_by));
    }
  }

  static std::string replacement(const Option& option) {
    return option.section.empty() ? fmt::format("`{}`", option.name)
                                  : fmt::format("`{}` in section `{}`", option.name, option.section);
  }

  void on_section(const Section& node, const Scope& scope) {
    if (const SectionRow* row = find_section(scope.section, node.name)) {
      on_known_section(node, *row);
      return;
    }
    const IgnoredName* ignored = find_ignored(scope.section, node.name);
    if (find_option(scope.section, node.name) || (ignored != nullptr && !ignored->is_section)) {
      error(node.place, fmt::format("{}: found a section, expected a value", node.name));
    } else if (ignored != nullptr) {
      on_ignored(*ignored, node.place, scope);
      if (unclosed_) {
        check_swallowed(node, *ignored);
      }
    } else {
      on_unknown(node.name, node.place, scope);
    }
  }

  void on_known_section(const Section& node, const SectionRow& row) {
    if (node.in_list && !row.repeatable()) {
      error(node.place, fmt::format("{}: found a list, expected one section", node.name));
      return;
    }
    const auto index = counts_[std::string(row.name)]++;
    if (index > 0 && !row.repeatable()) {
      warning(node.place, fmt::format("section `{}` appears more than once; entries are merged", row.name));
    }
    if (index == row.most) {
      error(node.place,
            fmt::format("found more than {0} sections `{1}`, expected at most {0}", row.most, row.name));
    }
    if (row.open != nullptr) {
      row.open(config_);
    }
    const std::string origin = row.origin_path(index);
    loaded_.origins[origin] = origin_at(node.place);
    visit(node, {row.name, origin});
    check_required(node, row);
  }

  void check_required(const Section& node, const SectionRow& row) {
    for (const auto& option : all_options()) {
      const bool is_set = std::ranges::any_of(node.settings, [&](const Setting& setting) {
        const auto found = find_option(row.name, setting.key);
        return found && found->option == &option;
      });
      if (option.section == row.name && option.required() && !is_set) {
        error(node.place, fmt::format("found a `{}` without `{}`, expected {}", row.name, option.name,
                                      expected_text(option.type)));
      }
    }
  }

  void on_ignored(const IgnoredName& name, Place place, const Scope& scope) {
    warning(place, fmt::format("{}`{}` is not supported by this build, ignored",
                               name.is_section ? "section " : "", name.name));
    loaded_.ignored.push_back({join_path(scope.origin, name.name), origin_at(place)});
    ignored_.insert(&name);
  }

  // A file with a missing `}` may have lost the settings that follow an ignored section: they became part of
  // it.
  void check_swallowed(const Section& node, const IgnoredName& ignored) {
    const auto check = [&](const std::string& key, Place place) {
      const auto known_in = section_that_knows(key);
      const auto shared = split(ignored.shared_options, "|");
      const bool is_shared = std::ranges::any_of(
          shared, [&](std::string_view option) { return equal_ignoring_case(option, key); });
      if (known_in && known_in->empty() && !is_shared) {
        report_misplaced(key, place, ignored.name, *known_in);
      }
    };
    in_file_order(
        node, [&](const Setting& setting) { check(setting.key, setting.key_place); },
        [&](const Section& section) {
          check(section.name, section.place);
          check_swallowed(section, ignored);
        });
  }

  void report_misplaced(const std::string& key, Place place, std::string_view section,
                        std::string_view known_in) {
    error(place,
          fmt::format("found {} {}, expected it {}", shown(key), in_section(section), in_section(known_in)));
  }

  // A key of another section is misplaced: an error. A key that is unknown everywhere may be an option of
  // another version: a warning, because the host has to start.
  void on_unknown(const std::string& key, Place place, const Scope& scope) {
    if (scope.section.empty() && equal_ignoring_case(key, "sflow")) {
      error(place, "found `sflow` inside, expected its options themselves");
      return;
    }
    if (const auto known_in = section_that_knows(key)) {
      report_misplaced(key, place, scope.section, *known_in);
      return;
    }
    constexpr std::size_t kMaxSuggestions = 100; // diagnostics; a file with more is no configuration
    const auto nearest = loaded_.diagnostics.size() < kMaxSuggestions ? nearest_key(scope.section, key) : "";
    warning(place, fmt::format("unknown key {} {}, ignored{}", shown(key), in_section(scope.section),
                               nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest)));
  }

  void check_sections(Place top) {
    for (const auto& row : all_sections()) {
      for (std::size_t i = 0; row.check != nullptr && i < row.count_in(config_); ++i) {
        if (const auto problem = row.check(config_, i)) {
          const auto origin = loaded_.origins.find(join_path(row.origin_path(i), problem->option));
          error(origin == loaded_.origins.end() ? top : origin->second.place,
                fmt::format("{}: {}", problem->option, problem->message));
        }
      }
    }
  }

  // Names of the present sections that have the flag.
  [[nodiscard]] std::vector<std::string_view> present_sections(SectionFlag flag) const {
    std::vector<std::string_view> names;
    for (const auto& row : all_sections()) {
      if ((row.flags & flag) != 0 && row.count_in(config_) > 0) {
        names.push_back(row.name);
      }
    }
    return names;
  }

  // The same of the ignored ones.
  [[nodiscard]] std::vector<std::string_view> present_ignored(SectionFlag flag) const {
    std::vector<std::string_view> names;
    for (const auto& name : all_ignored_names()) {
      if ((name.flags & flag) != 0 && ignored_.contains(&name)) {
        names.push_back(name.name);
      }
    }
    return names;
  }

  void check_collectors(Place top) {
    if (!present_sections(kNamesCollectors).empty()) {
      return;
    }
    if (const auto ignored = present_ignored(kNamesCollectors); !ignored.empty()) {
      warning(top, fmt::format("only the ignored section `{}` names collectors; nothing will be sent",
                               ignored.front()));
      return;
    }
    std::vector<std::string_view> names;
    for (const auto& row : all_sections()) {
      if ((row.flags & kNamesCollectors) != 0) {
        names.push_back(row.name);
      }
    }
    error(top, fmt::format("found no section `{}`, expected at least one", fmt::join(names, "` or `")));
  }

  void check_exclusive(Place top) {
    auto names = present_sections(kExclusive);
    if (names.empty()) {
      return; // ignored sections do not conflict with each other
    }
    for (const auto ignored : present_ignored(kExclusive)) {
      names.push_back(ignored);
    }
    for (std::size_t i = 1; i < names.size(); ++i) {
      error(top, fmt::format("found both `{}` and `{}`, expected one of them", names[0], names[i]));
    }
  }

  std::string file_name_;
  bool unclosed_; // the text ended inside a section
  Config config_;
  LoadedConfig loaded_;
  std::set<const IgnoredName*> ignored_;
  std::map<std::string, std::size_t> counts_; // by path: sections, and values of repeatable options
};

// Anything but text is refused before it reaches a parser.
std::optional<Diagnostic> find_binary(std::string_view text) {
  Place place{1, 1};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool white = c == '\t' || c == '\n' || c == '\r';
    if ((byte < ' ' && !white) || byte == 0x7F) {
      return Diagnostic{Severity::error, "", place,
                        fmt::format("found the byte {:#04x}, expected text", byte)};
    }
    place = c == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  return std::nullopt;
}

} // namespace

std::string Origin::to_string() const {
  switch (kind) {
  case Kind::file:
    return fmt::format("{}:{}", text, place.line);
  case Kind::dns:
    return fmt::format("DNS record {}", text);
  case Kind::command_line:
    return fmt::format("command line {}", text);
  }
  return text;
}

ParsedTree parse_config_tree(std::string_view text) {
  text = without_byte_order_mark(text);
  if (text.size() > kMaxConfigBytes) {
    return {std::nullopt,
            {{Severity::error,
              "",
              {},
              fmt::format("found {} bytes, expected no more than {}", text.size(), kMaxConfigBytes)}}};
  }
  if (const auto binary = find_binary(text)) {
    return {std::nullopt, {*binary}};
  }
  return looks_like_yaml(text) ? parse_yaml(text) : parse_classic(text);
}

LoadedConfig load_config(std::string_view text, std::string_view file_name) {
  ParsedTree parsed = parse_config_tree(text);
  for (auto& diagnostic : parsed.diagnostics) {
    diagnostic.file = file_name;
  }
  if (!parsed.top) {
    return {.diagnostics = std::move(parsed.diagnostics)};
  }
  LoadedConfig loaded = Loader(file_name, parsed.unclosed).load(*parsed.top);
  loaded.diagnostics.insert(loaded.diagnostics.end(), parsed.diagnostics.begin(), parsed.diagnostics.end());
  std::ranges::stable_sort(loaded.diagnostics, {}, &Diagnostic::place);
  return loaded;
}

} // namespace sfa::config
