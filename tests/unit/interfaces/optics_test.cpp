#include "interfaces/optics.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <limits>
#include <vector>

namespace sfa::interfaces_optics_test {

using namespace interfaces;
using namespace sflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

void put16(Bytes& memory, std::size_t at, unsigned value) {
  memory[at] = static_cast<std::uint8_t>(value >> 8);
  memory[at + 1] = static_cast<std::uint8_t>(value);
}

void put_float(Bytes& memory, std::size_t at, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  put16(memory, at, bits >> 16);
  put16(memory, at + 2, bits & 0xffff);
}

// A 10GBASE-SR module: 850 nm, 35.5 degrees, 3.3 V, 6 mA, 560 uW out, 430 uW in.
Bytes sfp(std::uint8_t diagnostics = 0x68) {
  Bytes memory(512);
  memory[0] = 3;
  put16(memory, 60, 850);
  memory[92] = diagnostics;
  constexpr std::size_t kA2 = 256;
  put16(memory, kA2 + 24, 10000); // transmitted power: high and low alarm
  put16(memory, kA2 + 26, 1500);
  put16(memory, kA2 + 32, 12000); // received power
  put16(memory, kA2 + 34, 300);
  put16(memory, kA2 + 96, 0x2380);
  put16(memory, kA2 + 98, 33000);
  put16(memory, kA2 + 100, 3000);
  put16(memory, kA2 + 102, 5600);
  put16(memory, kA2 + 104, 4300);
  return memory;
}

// 100GBASE-SR4, with the thresholds of page 03h.
Bytes qsfp() {
  Bytes memory(640);
  memory[0] = 0x11;
  put16(memory, 22, 0xf680); // -9.5 degrees
  put16(memory, 26, 32870);
  for (unsigned lane = 0; lane < 4; ++lane) {
    put16(memory, 34 + 2 * lane, 8000 + lane * 10);
    put16(memory, 42 + 2 * lane, 3500 + lane);
    put16(memory, 50 + 2 * lane, 9000 + lane * 10);
  }
  put16(memory, 186, 17000); // 850 nm
  put16(memory, 512 + 48, 21878);
  put16(memory, 512 + 50, 500);
  put16(memory, 512 + 64, 24000);
  put16(memory, 512 + 66, 800);
  return memory;
}

} // namespace

TEST_CASE("an SFP module reports temperature, voltage, current and power of its lane") {
  CHECK(parse_sff8472(sfp()).value() == SfpCounters{.module_id = 0,
                                                    .module_num_lanes = 1,
                                                    .module_supply_voltage = 3300,
                                                    .module_temperature = 35500,
                                                    .lanes = {{.index = 1,
                                                               .tx_bias_current = 6000,
                                                               .tx_power = 560,
                                                               .tx_power_min = 150,
                                                               .tx_power_max = 1000,
                                                               .tx_wavelength = 850,
                                                               .rx_power = 430,
                                                               .rx_power_min = 30,
                                                               .rx_power_max = 1200,
                                                               .rx_wavelength = 850}}});
}

TEST_CASE("the values of an externally calibrated module are calibrated") {
  Bytes memory = sfp(0x58);
  constexpr std::size_t kA2 = 256;
  put_float(memory, kA2 + 68, 2);   // Rx_PWR(1)
  put_float(memory, kA2 + 72, 100); // Rx_PWR(0)
  put16(memory, kA2 + 76, 0x0200);  // current: slope 2, offset 10
  put16(memory, kA2 + 78, 10);
  put16(memory, kA2 + 80, 0x0080); // power: slope 0.5
  put16(memory, kA2 + 84, 0x0100); // temperature: slope 1, offset -256 = -1 degree
  put16(memory, kA2 + 86, 0xff00);
  put16(memory, kA2 + 88, 0x0100);
  const auto block = parse_sff8472(memory).value();
  CHECK(block.module_temperature == 34500);
  CHECK(block.module_supply_voltage == 3300);
  CHECK(block.lanes.at(0).tx_bias_current == 12020);
  CHECK(block.lanes.at(0).tx_power == 280);
  CHECK(block.lanes.at(0).rx_power == 870); // (4300 x 2 + 100) x 0.1 uW
}

TEST_CASE("an absurd calibration still gives a number") {
  Bytes memory = sfp(0x58);
  put_float(memory, 256 + 56, std::numeric_limits<float>::infinity());
  put_float(memory, 256 + 72, -1e30F);
  put16(memory, 256 + 78, 0x8000);
  const auto block = parse_sff8472(memory).value();
  CHECK(block.lanes.at(0).rx_power == 0);
  CHECK(block.lanes.at(0).tx_bias_current == 0);
}

TEST_CASE("a QSFP module reports its four lanes, and temperatures below zero") {
  const auto block = parse_sff8636(qsfp()).value();
  CHECK(block.module_num_lanes == 4);
  CHECK(block.module_temperature == -9500);
  CHECK(block.module_supply_voltage == 3287);
  REQUIRE(block.lanes.size() == 4);
  CHECK(block.lanes[2] == OpticalLane{.index = 3,
                                      .tx_bias_current = 7004,
                                      .tx_power = 902,
                                      .tx_power_min = 80,
                                      .tx_power_max = 2400,
                                      .tx_wavelength = 850,
                                      .rx_power = 802,
                                      .rx_power_min = 50,
                                      .rx_power_max = 2188,
                                      .rx_wavelength = 850});
}

TEST_CASE("a QSFP module without page 03h has no thresholds") {
  Bytes memory = qsfp();
  memory.resize(256);
  CHECK(parse_sff8636(memory).value().lanes.at(0).tx_power_max == 0);
  CHECK(parse_sff8636(memory).value().lanes.at(0).tx_power == 900);
}

TEST_CASE("copper, and modules without diagnostics, have no optics") {
  CHECK(!parse_sff8472(sfp(0)));
  Bytes cable = sfp();
  cable[8] = 0x04;
  CHECK(!parse_sff8472(cable));
  Bytes copper = qsfp();
  copper[147] = 0xa0;
  CHECK(!parse_sff8636(copper));
}

TEST_CASE("the memory of a module cut short at any byte gives a value or nothing") {
  for (std::size_t size = 0; size < 512; ++size) {
    const Bytes memory = sfp();
    CHECK(!parse_sff8472(Bytes(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  const Bytes memory = qsfp();
  for (std::size_t size = 0; size < memory.size(); ++size) {
    const Bytes cut(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(parse_sff8636(cut).has_value() == (size >= 256));
  }
}

TEST_CASE("the part of a module's memory that changes is within the memory") {
  CHECK(kSff8472Live.offset + kSff8472Live.bytes <= 512);
  CHECK(kSff8636Live.offset + kSff8636Live.bytes <= 256);
}

} // namespace sfa::interfaces_optics_test
