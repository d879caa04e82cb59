// The syntax tree of a configuration, the same for both syntaxes, before its meaning is checked.
#pragma once

#include "config/diagnostic.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::config {

struct Setting {
  std::string key;   // as written
  std::string value; // without quotes
  Place key_place = {};
  Place value_place = {};
  bool in_list = false; // YAML: one of a list of values

  bool operator==(const Setting&) const = default;
};

struct Section {
  std::string name = {}; // as written; empty for the top
  Place place = {};
  std::vector<Setting> settings = {}; // in the order of the file, like the sections
  std::vector<Section> sections = {};
  bool in_list = false; // YAML: one of a list of maps

  bool operator==(const Section&) const = default;
};

// Calls the functions for settings and sections in the order of the file: the last of two values counts, even
// if one is an old name outside the section.
template <class OnSetting, class OnSection>
void in_file_order(const Section& section, OnSetting on_setting, OnSection on_section) {
  auto setting = section.settings.begin();
  auto child = section.sections.begin();
  while (setting != section.settings.end() || child != section.sections.end()) {
    const bool setting_first = child == section.sections.end() ||
                               (setting != section.settings.end() && setting->key_place < child->place);
    if (setting_first) {
      on_setting(*setting++);
    } else {
      on_section(*child++);
    }
  }
}

// Both syntaxes refuse deeper sections: no option is that deep, and recursion stays bounded.
inline constexpr std::size_t kMaxSectionDepth = 3;

// Some editors write the byte order mark of UTF-8 at the start of a text.
[[nodiscard]] inline std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

// The diagnostics have no file name: only the caller knows it.
struct ParsedTree {
  std::optional<Section> top; // nullopt if the text has a syntax error
  std::vector<Diagnostic> diagnostics;
  bool unclosed = false; // the text ended inside a section
};

} // namespace sfa::config
