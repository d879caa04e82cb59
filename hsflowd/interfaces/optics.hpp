// The sfp structure of an optical module, from its memory.
#pragma once

#include "sflow/counters_interface.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sfa::interfaces {

// SFF-8472 (SFP, SFP+, SFP28): address A0h, then A2h, of 256 bytes each. Values are calibrated as the module
// demands. nullopt if the module has no diagnostics, such as a copper cable, or if bytes are missing.
[[nodiscard]] std::optional<sflow::SfpCounters> parse_sff8472(std::span<const std::uint8_t> memory);

// SFF-8636 (QSFP+, QSFP28): the lower page and page 00h, of 128 bytes each. Thresholds are known only with
// page 03h, which the kernel puts at byte 512. Four lanes. nullopt for copper.
[[nodiscard]] std::optional<sflow::SfpCounters> parse_sff8636(std::span<const std::uint8_t> memory);

// The part of the memory that changes while a module is in use; the rest describes the module.
struct MemoryRange {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};
inline constexpr MemoryRange kSff8472Live{256 + 96, 14}; // including the alarm flags behind the values
inline constexpr MemoryRange kSff8636Live{0, 58};

} // namespace sfa::interfaces
