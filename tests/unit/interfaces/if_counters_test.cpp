#include "interfaces/if_counters.hpp"

#include "host/fixture_host.hpp"

namespace sfa::interfaces_if_counters_test {

using namespace host;
using namespace interfaces;
using namespace sflow;
using namespace test;

namespace {

constexpr LinkCounters kCounters{.bytes_in = 1ULL << 40,
                                 .packets_in = (1ULL << 32) + 1000,
                                 .errors_in = 3,
                                 .drops_in = 4,
                                 .multicast_in = 100,
                                 .bytes_out = 6,
                                 .packets_out = 7,
                                 .errors_out = 8,
                                 .drops_out = 9};

Interface interface(std::uint32_t flags) {
  Interface result;
  result.name = "eth0";
  result.index = 5;
  result.flags = flags;
  result.hardware_type = 1;
  return result;
}

} // namespace

TEST_CASE(
    "if_counters has the kernel's counters, multicasts separately, and what the kernel does not count is "
    "unknown") {
  const LinkState link{.speed_mbps = 100'000, .duplex = Duplex::full, .operational = true};
  CHECK(if_counters(interface(kInterfaceUp), false, link, kCounters, (1ULL << 32) + 900) ==
        IfCounters{.if_index = 5,
                   .if_type = 6,
                   .if_speed = 100'000'000'000,
                   .if_direction = 1,
                   .if_status = 3,
                   .if_in_octets = 1ULL << 40,
                   .if_in_ucast_pkts = 900, // modulo 2^32
                   .if_in_multicast_pkts = 100,
                   .if_in_broadcast_pkts = kUnknown32,
                   .if_in_discards = 4,
                   .if_in_errors = 3,
                   .if_in_unknown_protos = kUnknown32,
                   .if_out_octets = 6,
                   .if_out_ucast_pkts = 7,
                   .if_out_multicast_pkts = kUnknown32,
                   .if_out_broadcast_pkts = kUnknown32,
                   .if_out_discards = 9,
                   .if_out_errors = 8,
                   .if_promiscuous_mode = 2});
}

TEST_CASE("the status of an interface has ifAdminStatus in bit 0 and ifOperStatus in bit 1") {
  const auto status = [](std::uint32_t flags, bool operational) {
    return if_counters(interface(flags), false, {.operational = operational}, {}, 0).if_status;
  };
  CHECK(status(0, false) == 0);
  CHECK(status(kInterfaceUp, false) == 1);
  CHECK(status(kInterfaceUp, true) == 3);
  CHECK(status(0, true) == 0); // it was up when its state was read
}

TEST_CASE("type, direction and promiscuous mode are those of RFC 2863 and RFC 3635") {
  CHECK(if_counters(interface(kInterfacePromiscuous), true, {.duplex = Duplex::half}, {}, 0).if_type == 161);
  CHECK(if_counters(interface(kInterfacePromiscuous), true, {.duplex = Duplex::half}, {}, 0).if_direction ==
        2);
  CHECK(if_counters(interface(kInterfacePromiscuous), true, {}, {}, 0).if_promiscuous_mode == 1);
  CHECK(if_counters(interface(0), false, {}, {}, 0).if_direction == 0);
  const auto type_of = [](std::uint32_t hardware_type) {
    auto at = interface(0);
    at.hardware_type = hardware_type;
    return if_counters(at, false, {}, {}, 0).if_type;
  };
  CHECK(type_of(1) == 6);
  CHECK(type_of(32) == 199);    // InfiniBand
  CHECK(type_of(772) == 24);    // loopback
  CHECK(type_of(512) == 23);    // PPP
  CHECK(type_of(801) == 71);    // wireless
  CHECK(type_of(65534) == 131); // tun
  CHECK(type_of(778) == 131);   // GRE
  CHECK(type_of(280) == 1);     // CAN
}

TEST_CASE("a NIC that counts more multicasts than packets has no negative number of unicasts") {
  CHECK(UnicastsReceived().advance({.packets_in = 5, .multicast_in = 9}) == 0);
  const auto block = if_counters(interface(0), false, {}, {.packets_in = 5, .multicast_in = 9}, 0);
  CHECK(block.if_in_ucast_pkts == 0);
  CHECK(block.if_in_multicast_pkts == 5);
}

TEST_CASE("a NIC that counts its multicasts later than its packets makes neither of the two counters fall") {
  UnicastsReceived unicasts;
  CHECK(unicasts.advance({.packets_in = 10, .multicast_in = 8}) == 2);
  CHECK(unicasts.advance({.packets_in = 10, .multicast_in = 10}) == 2);
  CHECK(unicasts.advance({.packets_in = 20, .multicast_in = 19}) == 2);
  CHECK(unicasts.advance({.packets_in = 23, .multicast_in = 19}) == 4);
}

TEST_CASE("unicasts restart when the NIC's packets do") {
  UnicastsReceived unicasts;
  CHECK(unicasts.advance({.packets_in = 1000, .multicast_in = 100}) == 900);
  CHECK(unicasts.advance({.packets_in = 7, .multicast_in = 2}) == 5);
}

TEST_CASE("speed, duplex and state are read from sysfs, and unknown where there is no value") {
  const auto root = fixture_host("kvm-many-nics");
  CHECK(value_of(read_link_state(root, "eno1")) == LinkState{10'000, Duplex::full, true});
  CHECK(value_of(read_link_state(root, "eno4")) == LinkState{1'000, Duplex::half, true});
  CHECK(value_of(read_link_state(root, "eno5")) == LinkState{0, Duplex::unknown, false});
  CHECK(value_of(read_link_state(root, "br-int")) == LinkState{0, Duplex::unknown, true}); // by its carrier
  CHECK(value_of(read_link_state(root, "gone")) == LinkState{});
}

TEST_CASE("a speed is a number of Mbit/s, and two values mean unknown") {
  CHECK(value_of(parse_speed("2500\n")) == 2500);
  CHECK(value_of(parse_speed("-1\n")) == 0);
  CHECK(value_of(parse_speed("4294967295\n")) == 0);
  for (const auto* wrong : {"", "fast", "-2", "4294967296", "10 Mb/s"}) {
    CHECK(!parse_speed(wrong));
  }
}

} // namespace sfa::interfaces_if_counters_test
