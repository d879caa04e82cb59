#include "host/mounts.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <optional>

namespace sfa::host {

namespace {

// proc(5): space, tab, newline and backslash are written as a backslash and three octal digits.
std::string unescaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto byte =
        text[0] == '\\' && text.size() > 3 ? parse_number<std::uint8_t>(text.substr(1, 3), 8) : std::nullopt;
    result += byte ? static_cast<char>(*byte) : text[0];
    text.remove_prefix(byte ? 4 : 1);
  }
  return result;
}

bool has_option(std::string_view options, std::string_view option) {
  const auto all = split(options, ",");
  return std::ranges::find(all, option) != all.end();
}

// ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS
std::optional<Mount> parse_mount(std::string_view line) {
  const auto words = split(line);
  const auto separator =
      std::find(words.begin() + std::min<std::ptrdiff_t>(6, std::ssize(words)), words.end(), "-");
  // The kernel leaves out an empty SOURCE, so the options are the last word rather than the third one.
  if (words.end() - separator < 3) {
    return std::nullopt;
  }
  return Mount{.device = std::string(words[2]),
               .point = unescaped(words[4]),
               .type = std::string(separator[1]),
               .source = words.end() - separator > 3 ? unescaped(separator[2]) : "",
               .writable = has_option(words.back(), "rw")};
}

} // namespace

Result<Mounts> parse_mountinfo(std::string_view text) {
  Mounts result;
  for (const auto line : lines(text)) {
    if (auto mount = parse_mount(line)) {
      result.mounts.push_back(std::move(*mount));
    } else if (result.not_a_mount.empty()) {
      result.not_a_mount = printable(line);
    }
  }
  return result;
}

Result<std::set<std::string>> parse_block_file_systems(std::string_view text) {
  std::set<std::string> types;
  for (const auto line : lines(text)) {
    const auto words = split(line);
    if (words.size() == 1) {
      types.emplace(words[0]);
    } else if (words.size() != 2 || words[0] != "nodev") {
      return failure("'{}' is not a type of file system", printable(line));
    }
  }
  return types;
}

} // namespace sfa::host
