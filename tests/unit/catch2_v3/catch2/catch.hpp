// The names of Catch2 2.13, which Debian 12 has, for the Catch2 3 of later releases.
#pragma once

#include <catch2/catch_all.hpp>

#include <string>

namespace Catch {

inline auto Contains(const std::string& text) {
  return Matchers::ContainsSubstring(text);
}
inline auto Equals(const std::string& text) {
  return Matchers::Equals(text);
}
inline auto StartsWith(const std::string& text) {
  return Matchers::StartsWith(text);
}

} // namespace Catch
