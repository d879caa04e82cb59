// Types and constants of the counter structures.
#pragma once

#include "common/uuid.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace sfa::sflow {

// An unknown counter is all ones, an unknown gauge 0 (sFlow Version 5, section 5, "counter_record").
inline constexpr std::uint32_t kUnknown32 = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint64_t kUnknown64 = std::numeric_limits<std::uint64_t>::max();

using MacAddress = std::array<std::uint8_t, 6>; // opaque[6], padded to 8

// A kernel counter as a 32-bit counter of a structure: modulo 2^32, or unknown if it is nullopt.
[[nodiscard]] inline std::uint32_t counter32(const std::optional<std::uint64_t>& value) {
  return value ? static_cast<std::uint32_t>(*value) : kUnknown32;
}

} // namespace sfa::sflow
