// An error or a warning about a configuration, with its place in the file.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace sfa::config {

// Both count from 1, the column in bytes. Line 0 means no place in the file.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  auto operator<=>(const Place&) const = default;
};

struct Diagnostic {
  enum class Severity { warning, error };
  Severity severity = Severity::error;
  std::string file;
  Place place;
  std::string message;

  // "file:line:column: message", which editors understand; "file: message" without a place.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const Diagnostic&) const = default;
};

[[nodiscard]] bool has_error(const std::vector<Diagnostic>& diagnostics);

} // namespace sfa::config
