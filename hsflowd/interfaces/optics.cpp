#include "interfaces/optics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sfa::interfaces {

namespace {

// Units of SFF-8472, table 9-11 and of SFF-8636, section 6.2.4.
constexpr double kMillidegrees = 1000.0 / 256; // a 256th of a degree Celsius
constexpr double kMillivolts = 0.1;            // 100 uV
constexpr double kMicroamperes = 2;
constexpr double kMicrowatts = 0.1;

class Memory {
public:
  explicit Memory(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint8_t u8(std::size_t at) const { return bytes_[at]; }
  [[nodiscard]] std::uint16_t u16(std::size_t at) const {
    return static_cast<std::uint16_t>(bytes_[at] << 8 | bytes_[at + 1]);
  }
  [[nodiscard]] std::int16_t i16(std::size_t at) const { return static_cast<std::int16_t>(u16(at)); }
  [[nodiscard]] double f32(std::size_t at) const {
    return std::bit_cast<float>(std::uint32_t{u16(at)} << 16 | u16(at + 2));
  }

private:
  std::span<const std::uint8_t> bytes_;
};

// Rounds for a field of the structure. A value that calibration made negative or too large is clamped.
std::uint32_t rounded(double value) {
  return std::isfinite(value) ? static_cast<std::uint32_t>(std::clamp(std::round(value), 0.0, 4294967295.0))
                              : 0;
}

std::int32_t rounded_signed(double value) {
  return std::isfinite(value) ? static_cast<std::int32_t>(std::clamp(std::round(value), -1e9, 1e9)) : 0;
}

// A2h, from byte 56: a slope in 256ths and an offset for each value, and a polynomial for received power.
class Calibration {
public:
  Calibration(const Memory& memory, bool external) : memory_(memory), external_(external) {}

  [[nodiscard]] double bias(std::size_t at) const { return linear(memory_.u16(at), 76); }
  [[nodiscard]] double tx_power(std::size_t at) const { return linear(memory_.u16(at), 80); }
  [[nodiscard]] double temperature(std::size_t at) const { return linear(memory_.i16(at), 84); }
  [[nodiscard]] double voltage(std::size_t at) const { return linear(memory_.u16(at), 88); }
  [[nodiscard]] double rx_power(std::size_t at) const {
    const double raw = memory_.u16(at);
    if (!external_) {
      return raw;
    }
    double power = 0;
    for (std::size_t i = 0; i < 5; ++i) { // Rx_PWR(4) to Rx_PWR(0)
      power = power * raw + memory_.f32(kA2 + 56 + 4 * i);
    }
    return power;
  }

  static constexpr std::size_t kA2 = 256;

private:
  [[nodiscard]] double linear(double raw, std::size_t slope_at) const {
    return external_ ? raw * memory_.u16(kA2 + slope_at) / 256 + memory_.i16(kA2 + slope_at + 2) : raw;
  }

  const Memory& memory_;
  bool external_;
};

} // namespace

std::optional<sflow::SfpCounters> parse_sff8472(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kBytes = 512;
  constexpr std::size_t kA2 = Calibration::kA2;
  if (bytes.size() < kBytes) {
    return std::nullopt;
  }
  const Memory memory(bytes);
  const std::uint8_t diagnostics = memory.u8(92);
  const bool implemented = (diagnostics & 0x40) != 0;
  const bool copper = (memory.u8(8) & 0x0c) != 0; // passive or active cable, which has no light
  if (!implemented || copper) {
    return std::nullopt;
  }
  const Calibration calibrated(memory, (diagnostics & 0x10) != 0);
  const std::uint32_t wavelength = memory.u16(60);
  sflow::SfpCounters block;
  block.module_num_lanes = 1;
  block.module_temperature = rounded_signed(calibrated.temperature(kA2 + 96) * kMillidegrees);
  block.module_supply_voltage = rounded(calibrated.voltage(kA2 + 98) * kMillivolts);
  // Power: high alarm, low alarm, and two warnings.
  block.lanes.push_back({.index = 1,
                         .tx_bias_current = rounded(calibrated.bias(kA2 + 100) * kMicroamperes),
                         .tx_power = rounded(calibrated.tx_power(kA2 + 102) * kMicrowatts),
                         .tx_power_min = rounded(calibrated.tx_power(kA2 + 26) * kMicrowatts),
                         .tx_power_max = rounded(calibrated.tx_power(kA2 + 24) * kMicrowatts),
                         .tx_wavelength = wavelength,
                         .rx_power = rounded(calibrated.rx_power(kA2 + 104) * kMicrowatts),
                         .rx_power_min = rounded(calibrated.rx_power(kA2 + 34) * kMicrowatts),
                         .rx_power_max = rounded(calibrated.rx_power(kA2 + 32) * kMicrowatts),
                         .rx_wavelength = wavelength});
  return block;
}

std::optional<sflow::SfpCounters> parse_sff8636(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kBytes = 256;
  constexpr std::size_t kPage03 = 512;
  constexpr std::uint8_t kFirstCopper = 0x0a; // transmitter technology, byte 147
  if (bytes.size() < kBytes) {
    return std::nullopt;
  }
  const Memory memory(bytes);
  if (memory.u8(147) >> 4 >= kFirstCopper) {
    return std::nullopt;
  }
  const bool thresholds = bytes.size() >= kPage03 + 128;
  const auto power_threshold = [&](std::size_t at) {
    return thresholds ? rounded(memory.u16(kPage03 + at - 128) * kMicrowatts) : 0;
  };
  const std::uint32_t wavelength = rounded(memory.u16(186) / 20.0); // 20ths of a nanometre
  sflow::SfpCounters block;
  block.module_num_lanes = 4;
  block.module_temperature = rounded_signed(memory.i16(22) * kMillidegrees);
  block.module_supply_voltage = rounded(memory.u16(26) * kMillivolts);
  for (std::size_t lane = 0; lane < 4; ++lane) {
    block.lanes.push_back({.index = static_cast<std::uint32_t>(lane + 1),
                           .tx_bias_current = rounded(memory.u16(42 + 2 * lane) * kMicroamperes),
                           .tx_power = rounded(memory.u16(50 + 2 * lane) * kMicrowatts),
                           .tx_power_min = power_threshold(194),
                           .tx_power_max = power_threshold(192),
                           .tx_wavelength = wavelength,
                           .rx_power = rounded(memory.u16(34 + 2 * lane) * kMicrowatts),
                           .rx_power_min = power_threshold(178),
                           .rx_power_max = power_threshold(176),
                           .rx_wavelength = wavelength});
  }
  return block;
}

} // namespace sfa::interfaces
