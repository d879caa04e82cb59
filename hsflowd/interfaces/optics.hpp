// sfp of an optical module, from its memory.
#pragma once

#include "sflow/counters_interface.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sfa::interfaces {

// SFF-8472 (SFP, SFP+, SFP28): address A0h, then A2h, of 256 bytes each. Values are calibrated as the module
// asks for. Nothing for a module without diagnostics, such as a copper cable, or when there are fewer bytes
// than that.
[[nodiscard]] std::optional<sflow::SfpCounters> parse_sff8472(std::span<const std::uint8_t> memory);

// SFF-8636 (QSFP+, QSFP28): the lower page and page 00h, of 128 bytes each; thresholds when page 03h is there
// too, at byte 512 as the kernel gives it. Four lanes. Nothing for copper.
[[nodiscard]] std::optional<sflow::SfpCounters> parse_sff8636(std::span<const std::uint8_t> memory);

// Where in the memory the values are that change while a module is in use; the rest describes the module.
struct MemoryRange {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};
inline constexpr MemoryRange kSff8472Live{256 + 96, 14}; // with the flags of alarms behind them
inline constexpr MemoryRange kSff8636Live{0, 58};

} // namespace sfa::interfaces
