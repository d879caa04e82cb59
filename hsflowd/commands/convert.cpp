#include "commands/convert.hpp"

#include "commands/command.hpp"
#include "commands/yaml_scalar.hpp"
#include "common/file.hpp"
#include "common/text.hpp"
#include "config/load.hpp"
#include "config/options.hpp"
#include "config/yaml.hpp"
#include "daemon/daemon_options.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <sysexits.h>
#include <utility>

namespace sfa::commands {

namespace {

using Out = std::back_insert_iterator<std::string>;

// False only for known options: of an unknown one, even "off" may be text.
bool is_text(std::string_view path, const config::Setting& setting) {
  const auto found = config::find_option(path, setting.key);
  return !found || found->option->type.is_text();
}

std::string path_of(std::string_view parent, const config::Section& section) {
  const config::SectionRow* row = config::find_section(parent, section.name);
  return row == nullptr ? config::join_path(parent, section.name) : std::string(row->name);
}

bool is_section(std::string_view path, std::string_view key) {
  const config::IgnoredName* ignored = config::find_ignored(path, key);
  return config::find_section(path, key) != nullptr || (ignored != nullptr && ignored->is_section);
}

// Gives everything its one current spelling.
class Normaliser {
public:
  config::Section normalise(const config::Section& top, const config::Config& config) {
    copy(top, "", result_);
    // Old switches at the top have become the section or its absence.
    for (const auto& row : config::all_sections()) {
      if (row.count == nullptr) {
        continue;
      }
      if (row.count(config) == 0) {
        std::erase_if(result_.sections,
                      [&](const config::Section& section) { return section.name == row.name; });
      } else if (!row.repeatable()) {
        child(result_, "", row.name);
      }
    }
    return std::move(result_);
  }

private:
  void copy(const config::Section& from, std::string_view path, config::Section& to) {
    config::in_file_order(
        from, [&](const config::Setting& setting) { copy_setting(setting, path, to); },
        [&](const config::Section& section) {
          copy(section, path_of(path, section), child(to, path, section.name));
        });
  }

  void copy_setting(const config::Setting& setting, std::string_view path, config::Section& to) {
    const auto found = config::find_option(path, setting.key);
    if (!found) {
      copy_unknown(setting, path, to);
    } else if (!found->option->deprecated()) {
      copy_option(setting, *found, to);
    }
  }

  static void copy_unknown(const config::Setting& setting, std::string_view path, config::Section& to) {
    if (setting.value.empty() && is_section(path, setting.key)) {
      child(to, path, setting.key);
    } else {
      to.settings.push_back(setting);
    }
  }

  void copy_option(const config::Setting& setting, const config::FoundOption& found, config::Section& to) {
    const config::Option& option = *found.option;
    // Only options of the top move into a section. `to` is the result itself then: there is no reference into
    // its sections that child() could invalidate.
    const bool moves = found.alias != nullptr && found.alias->section != found.alias->target_section;
    config::Section& target = !moves                   ? to
                              : option.section.empty() ? result_
                                                       : child(result_, "", option.section);
    const auto value = config::parse_value(option.type, setting.value);
    const config::Setting canonical{.key = config::option_key(option, found.family_name),
                                    .value = value ? config::format_value(*value) : setting.value};
    const auto same = std::ranges::find(target.settings, canonical.key, &config::Setting::key);
    if (same == target.settings.end() || option.repeatable()) {
      target.settings.push_back(canonical);
    } else {
      same->value = canonical.value;
    }
  }

  // The section of that name; a new one if it is repeatable or unknown.
  static config::Section& child(config::Section& parent, std::string_view parent_path,
                                std::string_view name) {
    const config::SectionRow* row = config::find_section(parent_path, name);
    const std::string spelling(row == nullptr ? name : row->name);
    const auto same = std::ranges::find(parent.sections, spelling, &config::Section::name);
    if (row != nullptr && !row->repeatable() && same != parent.sections.end()) {
      return *same;
    }
    return parent.sections.emplace_back(config::Section{.name = spelling});
  }

  config::Section result_;
};

std::string classic_word(std::string_view text) {
  if (!text.empty() && text.find_first_of(" \t\r\n=;#\"{}") == text.npos) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted.append(c == '"' ? 2 : 1, c);
  }
  return quoted + '"';
}

void write_classic(Out out, const config::Section& section, std::size_t indent) {
  for (const auto& setting : section.settings) {
    fmt::format_to(out, "{:{}}{} = {}\n", "", indent, classic_word(setting.key), classic_word(setting.value));
  }
  for (const auto& child : section.sections) {
    if (child.settings.empty() && child.sections.empty()) {
      fmt::format_to(out, "{:{}}{} {{ }}\n", "", indent, classic_word(child.name));
      continue;
    }
    fmt::format_to(out, "{:{}}{} {{\n", "", indent, classic_word(child.name));
    write_classic(out, child, indent + 2);
    fmt::format_to(out, "{:{}}}}\n", "", indent);
  }
}

// Writes everything of one name under one key, as a list if there may be several.
class YamlWriter {
public:
  explicit YamlWriter(Out out) : out_(out) {}

  // `lead` is the start of the first line: "  - " makes the section an item of a list.
  void write(const config::Section& section, std::string_view path, std::string lead) {
    std::vector<std::string> done;
    const auto first_of = [&](const std::string& key) {
      const bool known = std::ranges::any_of(
          done, [&](const std::string& other) { return equal_ignoring_case(other, key); });
      done.push_back(key);
      return !known;
    };
    for (const auto& setting : section.settings) {
      if (first_of(setting.key)) {
        write_settings(section, setting, path, lead);
      }
    }
    done.clear();
    for (const auto& child : section.sections) {
      if (first_of(child.name)) {
        write_children(section, child.name, path, lead);
      }
    }
  }

private:
  // The lead; from the second line on it is white space.
  std::string next(std::string& lead) { return std::exchange(lead, std::string(lead.size(), ' ')); }

  void write_settings(const config::Section& section, const config::Setting& first, std::string_view path,
                      std::string& lead) {
    const auto is_same = [&](const config::Setting& other) {
      return equal_ignoring_case(other.key, first.key);
    };
    const auto found = config::find_option(path, first.key);
    const std::string key = yaml_scalar(first.key, true);
    if (std::ranges::count_if(section.settings, is_same) == 1 && !(found && found->option->repeatable())) {
      fmt::format_to(out_, "{}{}: {}\n", next(lead), key, yaml_scalar(first.value, is_text(path, first)));
      return;
    }
    fmt::format_to(out_, "{}{}:\n", next(lead), key);
    for (const auto& setting : section.settings) {
      if (is_same(setting)) {
        fmt::format_to(out_, "{}  - {}\n", lead, yaml_scalar(setting.value, is_text(path, setting)));
      }
    }
  }

  void write_children(const config::Section& section, const std::string& name, std::string_view path,
                      std::string& lead) {
    const config::SectionRow* row = config::find_section(path, name);
    const auto is_same = [&](const config::Section& other) { return equal_ignoring_case(other.name, name); };
    const bool is_list =
        (row != nullptr && row->repeatable()) || std::ranges::count_if(section.sections, is_same) > 1;
    const bool has_plural = row != nullptr && !row->plural.empty();
    const std::string key = yaml_scalar(has_plural ? row->plural : name, true);
    if (is_list) {
      fmt::format_to(out_, "{}{}:\n", next(lead), key);
    }
    for (const auto& child : section.sections) {
      if (!is_same(child)) {
        continue;
      }
      const bool is_empty = child.settings.empty() && child.sections.empty();
      if (is_empty) {
        fmt::format_to(out_, "{} {{}}\n", is_list ? lead + "  -" : fmt::format("{}{}:", next(lead), key));
        continue;
      }
      if (!is_list) {
        fmt::format_to(out_, "{}{}:\n", next(lead), key);
      }
      write(child, path_of(path, child), lead + (is_list ? "  - " : "  "));
    }
  }

  Out out_;
};

std::string first_error(const config::LoadedConfig& loaded) {
  for (const auto& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity == config::Diagnostic::Severity::error) {
      return diagnostic.to_string();
    }
  }
  return "";
}

// The text must be free of errors.
std::string in_other_syntax(std::string_view text, const config::Config& config) {
  const config::Section tree = Normaliser().normalise(*config::parse_config_tree(text).top, config);
  std::string result;
  if (!config::looks_like_yaml(text)) {
    YamlWriter(std::back_inserter(result)).write(tree, "", "");
    return result;
  }
  result = "sflow {\n";
  write_classic(std::back_inserter(result), tree, 2);
  return result + "}\n";
}

int convert(const std::filesystem::path& file) {
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

} // namespace

Result<std::string> convert_config(std::string_view text, std::string_view file_name) {
  const config::LoadedConfig loaded = config::load_config(text, file_name);
  if (!loaded.config) {
    return tl::unexpected(Error{first_error(loaded)});
  }
  std::string result = in_other_syntax(text, *loaded.config);
  // Classic words are limited, and unknown keys may have any value. A text with another meaning would be
  // worse than none, so the result is converted back and forth once.
  std::string converted = result;
  for (int way = 0; way < 2; ++way) {
    const config::LoadedConfig again = config::load_config(converted, "the converted text");
    if (again.config != loaded.config) {
      return failure("{}: cannot be expressed in the other syntax: {}", file_name, first_error(again));
    }
    converted = in_other_syntax(converted, *again.config);
  }
  if (converted != result) {
    return failure("{}: cannot be expressed in the other syntax", file_name);
  }
  return result;
}

Run prepare_convert(OptionList& list, const daemon::DaemonOptions& daemon) {
  const auto file = std::make_shared<std::filesystem::path>();
  list.add("FILE", *file, "Configuration file (default: that of --config)");
  return [file, &daemon] { return convert(file->empty() ? daemon.config_file : *file); };
}

} // namespace sfa::commands
