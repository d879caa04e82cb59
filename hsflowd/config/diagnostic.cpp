#include "config/diagnostic.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::config {

std::string Diagnostic::to_string() const {
  if (place.line == 0) {
    return fmt::format("{}: {}", file, message);
  }
  return fmt::format("{}:{}:{}: {}", file, place.line, place.column, message);
}

bool has_error(const std::vector<Diagnostic>& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Diagnostic::Severity::error;
  });
}

} // namespace sfa::config
