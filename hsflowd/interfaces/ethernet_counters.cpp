#include "interfaces/ethernet_counters.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sfa::interfaces {

namespace {

using Block = sflow::EthernetCounters;
using Named = std::pair<std::string_view, std::uint32_t Block::*>;

constexpr std::array kNames{
    Named{"rx_align_errors", &Block::dot3_stats_alignment_errors},         // e1000e, igb, tg3
    Named{"rx_align_err_frames", &Block::dot3_stats_alignment_errors},     // bnxt
    Named{"rx_alignment_symbol_errors", &Block::dot3_stats_symbol_errors}, // be2net
    Named{"align_errors", &Block::dot3_stats_alignment_errors},            // r8169
    Named{"rx_crc_errors", &Block::dot3_stats_fcs_errors},      // e1000e, igb, ixgbe, bnx2, be2net, mlx4
    Named{"port.rx_crc_errors", &Block::dot3_stats_fcs_errors}, // i40e
    Named{"rx_crc_errors.nic", &Block::dot3_stats_fcs_errors},  // ice
    Named{"rx_crc_errors_phy", &Block::dot3_stats_fcs_errors},  // mlx5
    Named{"rx_fcs_errors", &Block::dot3_stats_fcs_errors},      // tg3
    Named{"rx_fcs_err_frames", &Block::dot3_stats_fcs_errors},  // bnxt
    Named{"tx_single_coll_ok", &Block::dot3_stats_single_collision_frames},     // e1000e, igb
    Named{"tx_single_collisions", &Block::dot3_stats_single_collision_frames},  // tg3, bnx2, r8169
    Named{"tx_multi_coll_ok", &Block::dot3_stats_multiple_collision_frames},    // e1000e, igb
    Named{"tx_mult_collisions", &Block::dot3_stats_multiple_collision_frames},  // tg3
    Named{"tx_multi_collisions", &Block::dot3_stats_multiple_collision_frames}, // bnx2, r8169
    Named{"tx_deferred_ok", &Block::dot3_stats_deferred_transmissions},         // e1000e, igb
    Named{"tx_deferred", &Block::dot3_stats_deferred_transmissions},            // tg3, bnx2
    Named{"tx_abort_late_coll", &Block::dot3_stats_late_collisions},            // e1000e, igb
    Named{"tx_late_collisions", &Block::dot3_stats_late_collisions},            // tg3, bnx2
    Named{"tx_aborted_errors", &Block::dot3_stats_excessive_collisions},        // e1000e, igb
    Named{"tx_excessive_collisions", &Block::dot3_stats_excessive_collisions},  // tg3
    Named{"tx_excess_collisions", &Block::dot3_stats_excessive_collisions},     // bnx2
    Named{"tx_mac_errors", &Block::dot3_stats_internal_mac_transmit_errors},    // tg3, bnx2
    Named{"tx_carrier_errors", &Block::dot3_stats_carrier_sense_errors},        // e1000e, igb, bnx2
    Named{"tx_carrier_sense_errors", &Block::dot3_stats_carrier_sense_errors},  // tg3
    Named{"rx_long_length_errors", &Block::dot3_stats_frame_too_longs},         // e1000e, igb, ixgbe
    Named{"rx_frame_too_long_errors", &Block::dot3_stats_frame_too_longs},      // tg3
    Named{"rx_frame_too_long", &Block::dot3_stats_frame_too_longs},             // be2net
    Named{"port.rx_oversize", &Block::dot3_stats_frame_too_longs},              // i40e
    Named{"rx_oversize.nic", &Block::dot3_stats_frame_too_longs},               // ice
    Named{"rx_oversize_packets", &Block::dot3_stats_frame_too_longs},           // bnx2
    Named{"rx_oversize_pkts_phy", &Block::dot3_stats_frame_too_longs},          // mlx5
    Named{"rx_ovrsz_frames", &Block::dot3_stats_frame_too_longs},               // bnxt
    Named{"rx_symbol_err_phy", &Block::dot3_stats_symbol_errors},               // mlx5
};

} // namespace

std::vector<EthernetColumn> ethernet_columns(std::span<const std::string> names) {
  std::vector<EthernetColumn> columns;
  for (std::size_t place = 0; place < names.size(); ++place) {
    const auto known = std::ranges::find(kNames, std::string_view(names[place]), &Named::first);
    // If a driver has two names for one field, the first one counts.
    if (known != kNames.end() &&
        std::ranges::find(columns, known->second, &EthernetColumn::field) == columns.end()) {
      columns.push_back({place, known->second});
    }
  }
  return columns;
}

std::optional<sflow::EthernetCounters> ethernet_counters(std::span<const EthernetColumn> columns,
                                                         std::span<const std::uint64_t> values) {
  sflow::EthernetCounters block;
  for (const auto& [place, field] : columns) {
    if (place >= values.size()) {
      return std::nullopt;
    }
    block.*field = static_cast<std::uint32_t>(values[place]);
  }
  return columns.empty() ? std::nullopt : std::optional(block);
}

} // namespace sfa::interfaces
