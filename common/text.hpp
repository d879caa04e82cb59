// Text functions that both daemons need.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa {

// The text without white space (space, tab, CR, LF) at its ends.
[[nodiscard]] std::string_view trim(std::string_view text);

// The parts between runs of characters in `separators`, without empty parts.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text,
                                                  std::string_view separators = " \t\r\n");

// Removes the first word from the text and returns it; empty if there is none. Words are what split()
// returns.
[[nodiscard]] std::string_view take_word(std::string_view& text);

// The lines without their newlines; the last one may lack it.
[[nodiscard]] std::vector<std::string_view> lines(std::string_view text);

// The items of all lists, each of one item or several separated by commas.
[[nodiscard]] std::vector<std::string> separate(const std::vector<std::string>& lists);

// Whether one of the shell patterns matches the name (fnmatch(3), without flags).
[[nodiscard]] bool matches_any(const std::vector<std::string>& patterns, const std::string& name);

// ASCII only, whatever the locale.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

// Converts ASCII letters only, whatever the locale.
[[nodiscard]] std::string to_lower(std::string_view text);

// The text in a form that is safe to show on one line of a terminal: control and non-ASCII bytes as \xHH, cut
// after about `max` characters.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max = 80);

// The items, separated by commas. Of more than 20, the first and the number of the others.
[[nodiscard]] std::string join_some(const std::vector<std::string>& items);

// The whole text as a number in `base`; nullopt if it is anything else or does not fit.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

} // namespace sfa
