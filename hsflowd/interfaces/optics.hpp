// The structure sfp of an optical module, from its memory.
#pragma once

#include "sflow/counters_interface.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sfa::interfaces {

// SFF-8472 (SFP, SFP+, SFP28): address A0h, then A2h, of 256 bytes each. Values are calibrated if the module
// requires it. nullopt for fewer bytes, and for a module without diagnostics, such as a copper cable.
[[nodiscard]] std::optional<sflow::SfpCounters> parse_sff8472(std::span<const std::uint8_t> memory);

// SFF-8636 (QSFP+, QSFP28): the lower page and page 00h, of 128 bytes each. The kernel puts page 03h, which
// has the thresholds, at byte 512; without it they are 0. Four lanes. nullopt for copper.
[[nodiscard]] std::optional<sflow::SfpCounters> parse_sff8636(std::span<const std::uint8_t> memory);

// The part of the memory that changes while a module is in use. The rest describes the module.
struct MemoryRange {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};
inline constexpr MemoryRange kSff8472Live{256 + 96, 14}; // including the alarm flags behind the values
inline constexpr MemoryRange kSff8636Live{0, 58};

} // namespace sfa::interfaces
