#include "guests/vm_merge.hpp"

#include <catch2/catch.hpp>

namespace sfa::guests_vm_merge_test {

using namespace guests;

namespace {

constexpr sflow::MacAddress kMac{0x52, 0x54, 0, 0, 0, 1};
constexpr sflow::MacAddress kOtherMac{0x52, 0x54, 0, 0, 0, 2};

VmNic nic(std::string device, std::uint32_t if_index, std::optional<sflow::MacAddress> mac = kMac) {
  return {.device = std::move(device),
          .mac = mac,
          .if_index = if_index,
          .counters = VmNicCounters{.rx_bytes = 100}};
}

VmNic without_counters(VmNic nic) {
  nic.counters.reset();
  return nic;
}

std::vector<VmNic> merged(std::vector<VmNic> known, std::vector<VmNic> others) {
  VmReading reading{.nics = std::move(known)};
  fill_in(reading, VmReading{.nics = std::move(others)});
  return reading.nics;
}

} // namespace

TEST_CASE("a reading gains what only another backend knows, and keeps the rest") {
  VmReading reading{.uuid = {1}, .memory = VmMemory{.bytes = 5, .max_bytes = 6}};
  const VmReading other{.uuid = {1},
                        .name = "g1",
                        .cpu = VmCpu{.state = 1, .time_ns = 2, .count = 3},
                        .memory = VmMemory{.bytes = 7, .max_bytes = 8},
                        .disks = std::vector{VmDisk{.device = "vda"}}};
  fill_in(reading, other);
  CHECK(reading == VmReading{.uuid = {1},
                             .name = "g1",
                             .cpu = VmCpu{.state = 1, .time_ns = 2, .count = 3},
                             .memory = VmMemory{.bytes = 5, .max_bytes = 6},
                             .disks = std::vector{VmDisk{.device = "vda"}}});
}

TEST_CASE("a NIC that both backends know is one NIC") {
  CHECK(merged({nic("vnet0", 4)}, {nic("vnet0", 4)}) == std::vector{nic("vnet0", 4)});
  CHECK(merged({nic("vnet0", 0)}, {nic("vnet0", 4)}) == std::vector{nic("vnet0", 4)});
  CHECK(merged({nic("vnet0", 4, std::nullopt)}, {nic("other", 4)}) == std::vector{nic("vnet0", 4)});
  CHECK(merged({without_counters(nic("vnet0", 4))}, {nic("vnet0", 4)}) == std::vector{nic("vnet0", 4)});
}

TEST_CASE("a switch port behind a bridge is a second adapter, and its traffic counts once") {
  CHECK(merged({nic("tap1", 4)}, {nic("qvo1", 5)}) ==
        std::vector{nic("tap1", 4), without_counters(nic("qvo1", 5))});
}

TEST_CASE("a switch port does not count while the counters of the NIC behind it are unknown") {
  CHECK(merged({without_counters(nic("tap1", 4))}, {nic("qvo1", 5)}) ==
        std::vector{without_counters(nic("tap1", 4)), without_counters(nic("qvo1", 5))});
}

TEST_CASE("a switch port does not count for a reading that may lack NICs") {
  VmReading reading{.problem = "its XML cannot be read"};
  fill_in(reading, VmReading{.nics = {nic("qvo1", 5)}});
  CHECK(reading.nics == std::vector{without_counters(nic("qvo1", 5))});
}

TEST_CASE("a port without a MAC counts only if no other NIC may count the same traffic") {
  CHECK(merged({nic("tap1", 4)}, {nic("port", 5, std::nullopt)}) ==
        std::vector{nic("tap1", 4), without_counters(nic("port", 5, std::nullopt))});
  CHECK(merged({}, {nic("port", 5, std::nullopt)}) == std::vector{nic("port", 5, std::nullopt)});
}

TEST_CASE("a NIC that only the switch sees counts there") {
  CHECK(merged({nic("tap1", 4)}, {nic("tap2", 5, kOtherMac)}) ==
        std::vector{nic("tap1", 4), nic("tap2", 5, kOtherMac)});
}

TEST_CASE("a NIC that was passed through counts at its representor") {
  CHECK(merged({without_counters(nic("", 0))}, {nic("eth0_1", 9)}) == std::vector{nic("eth0_1", 9)});
}

TEST_CASE("two ports of a guest that only the switch knows both count") {
  CHECK(merged({}, {nic("vif1.0", 4), nic("tap1.0", 5)}) == std::vector{nic("vif1.0", 4), nic("tap1.0", 5)});
}

} // namespace sfa::guests_vm_merge_test
