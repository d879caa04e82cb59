#include "commands/print.hpp"

#include "common/text.hpp"
#include "config/options.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>

namespace sfa::commands {

namespace {

bool is_plain_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
}

// What some YAML reader takes for null, a boolean or a number (YAML 1.1, and 1.2 section 10.3).
bool is_ambiguous(std::string_view text) {
  for (const auto word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}) {
    if (equal_ignoring_case(text, word)) {
      return true;
    }
  }
  const auto first = text.find_first_not_of("-.");
  const bool begins_as_number =
      first == text.npos || std::isdigit(static_cast<unsigned char>(text[first])) != 0;
  return begins_as_number && std::ranges::count(text, '.') < 2 && std::ranges::all_of(text, [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_' ||
                  c == 'x' || c == 'o';
         });
}

std::string double_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < ' ' || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

class Show {
public:
  explicit Show(const config::LoadedConfig& loaded) : config_(*loaded.config), origins_(loaded.origins) {}

  std::string text() {
    options("", "", 0, "");
    for (const auto& section : config::all_sections()) {
      if (section.supported) {
        show_section(section);
      }
    }
    ignored();
    return std::move(text_);
  }

private:
  void show_section(const config::SectionRow& section) {
    const std::size_t count = section.count == nullptr ? 1 : section.count(config_);
    if (count == 0) {
      fmt::format_to(out(), "# {}: not set\n", yaml_key(section));
      return;
    }
    const auto set = origins_.find(std::string(section.path));
    fmt::format_to(out(), "{}:{}\n", yaml_key(section),
                   set == origins_.end() ? "" : " # " + set->second.to_string());
    for (std::size_t i = 0; i < count; ++i) {
      const std::string origin =
          section.repeatable ? fmt::format("{}[{}]", section.path, i) : std::string(section.path);
      options(section.path, origin, i, section.repeatable ? "  - " : "  ");
    }
  }

  static std::string yaml_key(const config::SectionRow& section) {
    return fmt::format("{}{}", section.path, section.repeatable ? "s" : "");
  }

  void options(std::string_view section, const std::string& origin_path, std::size_t index,
               std::string indent) {
    for (const auto& option : config::all_options()) {
      if (option.section != section || !option.supported() || option.deprecated()) {
        continue;
      }
      const auto values = option.access.get(config_, index);
      if (values.empty()) {
        fmt::format_to(out(), "{:{}}# {}: not set\n", "", indent.size(), option.name);
        continue;
      }
      show_option(option, values, origin_path, indent);
      std::ranges::replace(indent, '-', ' '); // the dash of a list stands before the first option only
    }
  }

  void show_option(const config::Option& option, const std::vector<config::NamedValue>& values,
                   const std::string& origin_path, const std::string& indent) {
    if (option.repeatable()) {
      fmt::format_to(out(), "{}{}:\n", indent, option.name);
      for (std::size_t i = 0; i < values.size(); ++i) {
        fmt::format_to(out(), "{}  - {} # {}\n", indent, scalar(option, values[i].value),
                       origin(fmt::format("{}[{}]", config::join_path(origin_path, option.name), i)));
      }
      return;
    }
    for (const auto& [name, value] : values) {
      const std::string key = config::option_key(option, name);
      fmt::format_to(out(), "{}{}: {} # {}\n", indent, key, scalar(option, value),
                     origin(config::join_path(origin_path, key)));
    }
  }

  void ignored() {
    std::string above; // the last ignored section or option: what is inside it goes without saying
    for (const auto& [path, origin] : origins_) {
      if (origin.in_force || (!above.empty() && path.starts_with(above + '.'))) {
        continue;
      }
      text_ += above.empty() ? "# ignored, not supported by this build:\n" : "";
      fmt::format_to(out(), "#   {} # {}\n", path, origin.to_string());
      above = path;
    }
  }

  static std::string scalar(const config::Option& option, const config::Value& value) {
    return yaml_scalar(config::format_value(value), option.type.is_text());
  }

  [[nodiscard]] std::string origin(const std::string& path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? "default" : found->second.to_string();
  }

  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }

  const config::Config& config_;
  const config::Origins& origins_;
  std::string text_;
};

} // namespace

std::string yaml_scalar(std::string_view text, bool is_text) {
  const bool plain = !text.empty() && text.front() != '-' && std::ranges::all_of(text, is_plain_character);
  return plain && !(is_text && is_ambiguous(text)) ? std::string(text) : double_quoted(text);
}

std::string show_config(const config::LoadedConfig& loaded) {
  return loaded.config ? Show(loaded).text() : "";
}

} // namespace sfa::commands
