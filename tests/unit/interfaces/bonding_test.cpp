#include "interfaces/bonding.hpp"

#include "host/fixture_host.hpp"

namespace sfa::interfaces_bonding_test {

using namespace interfaces;
using namespace sflow;
using namespace test;

TEST_CASE("each member of an 802.3ad bond has the result of its LACP negotiation") {
  const auto ports =
      value_of(parse_bonding(*fixture_host("kvm-many-nics").read("proc/net/bonding/bond0").value()));
  REQUIRE(ports.size() == 2);
  CHECK(ports.at("eno1") == LacpPort{.attached = true,
                                     .actor_system = {0x3c, 0xfd, 0xfe, 0, 0, 1},
                                     .partner_system = {0x00, 0x1c, 0x73, 0, 0, 0x99},
                                     .actor_state = 63,
                                     .partner_state = 61});
  CHECK(ports.at("eno2") == LacpPort{.attached = false, // another aggregator is active
                                     .actor_system = {0x3c, 0xfd, 0xfe, 0, 0, 1},
                                     .partner_system = {},
                                     .actor_state = 71,
                                     .partner_state = 3});
}

TEST_CASE("a member is attached to the bond by its ifIndex") {
  const auto block = lag_port_stats({.attached = true, .actor_state = 63, .partner_state = 61}, 10, {});
  CHECK(block.attached_agg_id == 10);
  CHECK(block.port_state == LagPortState{.actor_oper = 63, .partner_oper = 61});
  CHECK(lag_port_stats({.attached = false}, 10, {}).attached_agg_id == 0);
}

TEST_CASE("each kind of PDU has its own field, which is unknown if the kernel does not count it") {
  const auto known = lag_port_stats({}, 10,
                                    {.lacpdus_rx = (1ULL << 32) + 1,
                                     .marker_pdus_rx = 2,
                                     .marker_response_pdus_rx = 3,
                                     .unknown_rx = 4,
                                     .illegal_rx = 5,
                                     .lacpdus_tx = 6,
                                     .marker_pdus_tx = 7,
                                     .marker_response_pdus_tx = 8});
  CHECK(known == LagPortStats{.stats_lacpdus_rx = 1,
                              .stats_marker_pdus_rx = 2,
                              .stats_marker_response_pdus_rx = 3,
                              .stats_unknown_rx = 4,
                              .stats_illegal_rx = 5,
                              .stats_lacpdus_tx = 6,
                              .stats_marker_pdus_tx = 7,
                              .stats_marker_response_pdus_tx = 8});
  CHECK(lag_port_stats({}, 10, {}).stats_lacpdus_rx == kUnknown32);
  CHECK(lag_port_stats({}, 10, {}).stats_marker_response_pdus_tx == kUnknown32);
}

TEST_CASE("a bond of another mode, or without details, has no LACP") {
  CHECK(value_of(parse_bonding("")).empty());
  CHECK(value_of(parse_bonding("Bonding Mode: fault-tolerance (active-backup)\n\n"
                               "Slave Interface: eth0\nMII Status: up\n"))
            .empty());
  CHECK(value_of(parse_bonding("802.3ad info\nActive Aggregator Info:\n\tAggregator ID: 1\n\n"
                               "Slave Interface: eth0\nAggregator ID: 1\n"))
            .empty());
}

TEST_CASE("a malformed file of a bond is an error that names the malformed value") {
  CHECK(parse_bonding("Slave Interface: a\nAggregator ID: x\n").error().message ==
        "'x' is not an aggregator ID");
  CHECK(parse_bonding("Slave Interface: a\ndetails actor lacp pdu:\n    port state: 256\n").error().message ==
        "'256' is not a port state");
  CHECK(!parse_bonding("Slave Interface: a\ndetails partner lacp pdu:\n    system mac address: 1\n"));
  cut_short_at_every_byte("proc/net/bonding/bond0", parse_bonding);
}

} // namespace sfa::interfaces_bonding_test
