// What the counter structures are made of.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace sfa {

// An unknown counter is all ones, an unknown gauge 0 (sFlow Version 5, section 5, "counter_record").
inline constexpr std::uint32_t kUnknown32 = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint64_t kUnknown64 = std::numeric_limits<std::uint64_t>::max();

using Uuid = std::array<std::uint8_t, 16>;      // opaque[16]
using MacAddress = std::array<std::uint8_t, 6>; // opaque[6], padded to 8

} // namespace sfa
