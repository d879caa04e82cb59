#include "commands/yaml_scalar.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace sfa::commands {

namespace {

bool is_plain_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
}

// True if a YAML reader may take the text for null, a boolean or a number (YAML 1.1, and 1.2 section 10.3).
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

} // namespace

std::string yaml_scalar(std::string_view text, bool is_text) {
  const bool plain = !text.empty() && text.front() != '-' && std::ranges::all_of(text, is_plain_character);
  return plain && !(is_text && is_ambiguous(text)) ? std::string(text) : double_quoted(text);
}

} // namespace sfa::commands
