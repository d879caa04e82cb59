// Counter structures of an interface, and of a port of a switch.
#pragma once

#include "sflow/counter_types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflow {

// Generic interface counters, sFlow Version 5, structure if_counters.
struct IfCounters {
  static constexpr std::uint32_t kFormat = 1;
  static constexpr std::string_view kName = "if_counters";
  std::uint32_t if_index = 0;
  std::uint32_t if_type = 6;      // IANAifType; 6 = ethernetCsmacd
  std::uint64_t if_speed = 0;     // bit/s
  std::uint32_t if_direction = 0; // 0 unknown, 1 full duplex, 2 half duplex, 3 in, 4 out
  std::uint32_t if_status = 0;    // bit 0 admin up, bit 1 operationally up
  std::uint64_t if_in_octets = kUnknown64;
  std::uint32_t if_in_ucast_pkts = kUnknown32;
  std::uint32_t if_in_multicast_pkts = kUnknown32;
  std::uint32_t if_in_broadcast_pkts = kUnknown32;
  std::uint32_t if_in_discards = kUnknown32;
  std::uint32_t if_in_errors = kUnknown32;
  std::uint32_t if_in_unknown_protos = kUnknown32;
  std::uint64_t if_out_octets = kUnknown64;
  std::uint32_t if_out_ucast_pkts = kUnknown32;
  std::uint32_t if_out_multicast_pkts = kUnknown32;
  std::uint32_t if_out_broadcast_pkts = kUnknown32;
  std::uint32_t if_out_discards = kUnknown32;
  std::uint32_t if_out_errors = kUnknown32;
  std::uint32_t if_promiscuous_mode = 0;

  bool operator==(const IfCounters&) const = default;
  static void fields(auto& self, auto&& field) {
    field("if_index", self.if_index);
    field("if_type", self.if_type);
    field("if_speed", self.if_speed);
    field("if_direction", self.if_direction);
    field("if_status", self.if_status);
    field("if_in_octets", self.if_in_octets);
    field("if_in_ucast_pkts", self.if_in_ucast_pkts);
    field("if_in_multicast_pkts", self.if_in_multicast_pkts);
    field("if_in_broadcast_pkts", self.if_in_broadcast_pkts);
    field("if_in_discards", self.if_in_discards);
    field("if_in_errors", self.if_in_errors);
    field("if_in_unknown_protos", self.if_in_unknown_protos);
    field("if_out_octets", self.if_out_octets);
    field("if_out_ucast_pkts", self.if_out_ucast_pkts);
    field("if_out_multicast_pkts", self.if_out_multicast_pkts);
    field("if_out_broadcast_pkts", self.if_out_broadcast_pkts);
    field("if_out_discards", self.if_out_discards);
    field("if_out_errors", self.if_out_errors);
    field("if_promiscuous_mode", self.if_promiscuous_mode);
  }
};

// Ethernet interface counters, sFlow Version 5, structure ethernet_counters (RFC 3635, dot3StatsTable).
struct EthernetCounters {
  static constexpr std::uint32_t kFormat = 2;
  static constexpr std::string_view kName = "ethernet_counters";
  std::uint32_t dot3_stats_alignment_errors = kUnknown32;
  std::uint32_t dot3_stats_fcs_errors = kUnknown32;
  std::uint32_t dot3_stats_single_collision_frames = kUnknown32;
  std::uint32_t dot3_stats_multiple_collision_frames = kUnknown32;
  std::uint32_t dot3_stats_sqe_test_errors = kUnknown32;
  std::uint32_t dot3_stats_deferred_transmissions = kUnknown32;
  std::uint32_t dot3_stats_late_collisions = kUnknown32;
  std::uint32_t dot3_stats_excessive_collisions = kUnknown32;
  std::uint32_t dot3_stats_internal_mac_transmit_errors = kUnknown32;
  std::uint32_t dot3_stats_carrier_sense_errors = kUnknown32;
  std::uint32_t dot3_stats_frame_too_longs = kUnknown32;
  std::uint32_t dot3_stats_internal_mac_receive_errors = kUnknown32;
  std::uint32_t dot3_stats_symbol_errors = kUnknown32;

  bool operator==(const EthernetCounters&) const = default;
  static void fields(auto& self, auto&& field) {
    field("dot3_stats_alignment_errors", self.dot3_stats_alignment_errors);
    field("dot3_stats_fcs_errors", self.dot3_stats_fcs_errors);
    field("dot3_stats_single_collision_frames", self.dot3_stats_single_collision_frames);
    field("dot3_stats_multiple_collision_frames", self.dot3_stats_multiple_collision_frames);
    field("dot3_stats_sqe_test_errors", self.dot3_stats_sqe_test_errors);
    field("dot3_stats_deferred_transmissions", self.dot3_stats_deferred_transmissions);
    field("dot3_stats_late_collisions", self.dot3_stats_late_collisions);
    field("dot3_stats_excessive_collisions", self.dot3_stats_excessive_collisions);
    field("dot3_stats_internal_mac_transmit_errors", self.dot3_stats_internal_mac_transmit_errors);
    field("dot3_stats_carrier_sense_errors", self.dot3_stats_carrier_sense_errors);
    field("dot3_stats_frame_too_longs", self.dot3_stats_frame_too_longs);
    field("dot3_stats_internal_mac_receive_errors", self.dot3_stats_internal_mac_receive_errors);
    field("dot3_stats_symbol_errors", self.dot3_stats_symbol_errors);
  }
};

// Octets of LacpState bits (IEEE8023-LAG-MIB); together they are dot3adAggPortState, an opaque[4].
struct LagPortState {
  std::uint8_t actor_admin = 0;
  std::uint8_t actor_oper = 0;
  std::uint8_t partner_admin = 0;
  std::uint8_t partner_oper = 0;

  bool operator==(const LagPortState&) const = default;
  static void fields(auto& self, auto&& field) {
    field("actor_admin", self.actor_admin);
    field("actor_oper", self.actor_oper);
    field("partner_admin", self.partner_admin);
    field("partner_oper", self.partner_oper);
  }
};

// sFlow LAG Counters Structure, lag_port_stats; its names without their common prefix dot3adAggPort.
struct LagPortStats {
  static constexpr std::uint32_t kFormat = 7;
  static constexpr std::string_view kName = "lag_port_stats";
  MacAddress actor_system_id{};
  MacAddress partner_oper_system_id{};
  std::uint32_t attached_agg_id = 0; // ifIndex of the aggregate
  LagPortState port_state{};
  std::uint32_t stats_lacpdus_rx = kUnknown32;
  std::uint32_t stats_marker_pdus_rx = kUnknown32;
  std::uint32_t stats_marker_response_pdus_rx = kUnknown32;
  std::uint32_t stats_unknown_rx = kUnknown32;
  std::uint32_t stats_illegal_rx = kUnknown32;
  std::uint32_t stats_lacpdus_tx = kUnknown32;
  std::uint32_t stats_marker_pdus_tx = kUnknown32;
  std::uint32_t stats_marker_response_pdus_tx = kUnknown32;

  bool operator==(const LagPortStats&) const = default;
  static void fields(auto& self, auto&& field) {
    field("actor_system_id", self.actor_system_id);
    field("partner_oper_system_id", self.partner_oper_system_id);
    field("attached_agg_id", self.attached_agg_id);
    field("port_state", self.port_state);
    field("stats_lacpdus_rx", self.stats_lacpdus_rx);
    field("stats_marker_pdus_rx", self.stats_marker_pdus_rx);
    field("stats_marker_response_pdus_rx", self.stats_marker_response_pdus_rx);
    field("stats_unknown_rx", self.stats_unknown_rx);
    field("stats_illegal_rx", self.stats_illegal_rx);
    field("stats_lacpdus_tx", self.stats_lacpdus_tx);
    field("stats_marker_pdus_tx", self.stats_marker_pdus_tx);
    field("stats_marker_response_pdus_tx", self.stats_marker_response_pdus_tx);
  }
};

// sFlow Optical Interface Structures, lane.
struct OpticalLane {
  std::uint32_t index = 0;           // from 1
  std::uint32_t tx_bias_current = 0; // uA
  std::uint32_t tx_power = 0;        // powers in uW
  std::uint32_t tx_power_min = 0;
  std::uint32_t tx_power_max = 0;
  std::uint32_t tx_wavelength = 0; // nm
  std::uint32_t rx_power = 0;
  std::uint32_t rx_power_min = 0;
  std::uint32_t rx_power_max = 0;
  std::uint32_t rx_wavelength = 0; // nm

  bool operator==(const OpticalLane&) const = default;
  static void fields(auto& self, auto&& field) {
    field("index", self.index);
    field("tx_bias_current", self.tx_bias_current);
    field("tx_power", self.tx_power);
    field("tx_power_min", self.tx_power_min);
    field("tx_power_max", self.tx_power_max);
    field("tx_wavelength", self.tx_wavelength);
    field("rx_power", self.rx_power);
    field("rx_power_min", self.rx_power_min);
    field("rx_power_max", self.rx_power_max);
    field("rx_wavelength", self.rx_wavelength);
  }
};

// sFlow Optical Interface Structures, sfp.
struct SfpCounters {
  static constexpr std::uint32_t kFormat = 10;
  static constexpr std::string_view kName = "sfp";
  std::uint32_t module_id = 0;
  std::uint32_t module_num_lanes = 0;
  std::uint32_t module_supply_voltage = 0; // mV
  std::int32_t module_temperature = 0;     // thousandths of a degree Celsius
  std::vector<OpticalLane> lanes;

  bool operator==(const SfpCounters&) const = default;
  static void fields(auto& self, auto&& field) {
    field("module_id", self.module_id);
    field("module_num_lanes", self.module_num_lanes);
    field("module_supply_voltage", self.module_supply_voltage);
    field("module_temperature", self.module_temperature);
    field("lanes", self.lanes);
  }
};

// sFlow OpenFlow Structures, of_port.
struct OfPort {
  static constexpr std::uint32_t kFormat = 1004;
  static constexpr std::string_view kName = "of_port";
  std::uint64_t datapath_id = 0;
  std::uint32_t port_no = 0;

  bool operator==(const OfPort&) const = default;
  static void fields(auto& self, auto&& field) {
    field("datapath_id", self.datapath_id);
    field("port_no", self.port_no);
  }
};

// sFlow OpenFlow Structures, port_name.
struct PortName {
  static constexpr std::uint32_t kFormat = 1005;
  static constexpr std::string_view kName = "port_name";
  static constexpr std::size_t kMaxName = 255;
  std::string name;

  bool operator==(const PortName&) const = default;
  static void fields(auto& self, auto&& field) { field("name", self.name, kMaxName); }
};

} // namespace sfa::sflow
