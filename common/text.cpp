#include "common/text.hpp"

#include <algorithm>
#include <bitset>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

namespace sfa {

namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  // A table, because find_first_of() calls memchr(3) for each byte.
  std::bitset<256> separates;
  for (const char c : separators) {
    separates.set(static_cast<unsigned char>(c));
  }
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || separates[static_cast<unsigned char>(text[i])]) {
      if (i > begin) {
        parts.push_back(text.substr(begin, i - begin));
      }
      begin = i + 1;
    }
  }
  return parts;
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  const auto word = text.substr(0, text.find_first_of(kWhiteSpace));
  text.remove_prefix(word.size());
  return word;
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::vector<std::string> separate(const std::vector<std::string>& lists) {
  std::vector<std::string> items;
  for (const auto& list : lists) {
    for (const auto item : split(list, ",")) {
      items.emplace_back(item);
    }
  }
  return items;
}

bool matches_any(const std::vector<std::string>& patterns, const std::string& name) {
  return std::ranges::any_of(
      patterns, [&](const auto& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string printable(std::string_view text, std::size_t max) {
  std::string shown;
  for (const char c : text) {
    if (shown.size() >= max) {
      return shown + "...";
    }
    if (c >= ' ' && c <= '~') {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return shown;
}

std::string join_some(const std::vector<std::string>& items) {
  constexpr std::size_t kMost = 20;
  const auto end = items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), kMost));
  std::string text = fmt::format("{}", fmt::join(items.begin(), end, ", "));
  if (items.size() > kMost) {
    text += fmt::format(" and {} more", items.size() - kMost);
  }
  return text;
}

} // namespace sfa
