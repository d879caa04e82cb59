// Values that one run of a daemon leaves to the next: JSON files in its state directory, of structures that
// list their fields (common/fields.hpp). Include it in .cpp files only.
#pragma once

#include "common/file.hpp"
#include "common/json_fields.hpp"
#include "common/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sfa {

template <class T>
[[nodiscard]] std::string format_saved(const T& value) {
  return format_json(json_fields::json_of(value));
}

// Any difference from what format_saved() returns is an error.
template <class T>
[[nodiscard]] Result<T> parse_saved(std::string_view text) {
  try {
    T value;
    json_fields::parse(parse_json(text), value);
    // The parser truncates numbers that are out of range and skips unknown members.
    if (value.version == T{}.version && format_saved(value) == text) {
      return value;
    }
    return failure("not written by this version of hsflowd");
  } catch (const std::exception& error) {
    return failure("{}", error.what());
  }
}

// nullopt if the file does not exist. Errors name the file.
template <class T>
[[nodiscard]] Result<std::optional<T>> read_saved(const std::filesystem::path& path) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  return parse_text(read_file(path, kMaxBytes), path.native(), parse_saved<T>);
}

} // namespace sfa
