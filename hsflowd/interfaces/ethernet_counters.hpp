// ethernet_counters of an interface, from its driver's own counters.
#pragma once

#include "sflow/counters_interface.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::interfaces {

// Where among a driver's counters the fields of ethernet_counters are. Drivers name them as they like; the
// names that are known are those of e1000e, igb, ixgbe, i40e, ice, tg3, bnx2, bnxt, be2net, r8169, mlx4 and
// mlx5 for what RFC 3635 defines.
struct EthernetColumn {
  std::size_t place = 0; // in the driver's list
  std::uint32_t sflow::EthernetCounters::*field;

  bool operator==(const EthernetColumn&) const = default;
};
[[nodiscard]] std::vector<EthernetColumn> ethernet_columns(std::span<const std::string> names);

// What no column is for stays unknown. Nothing when a column is not among the values, or there is none.
[[nodiscard]] std::optional<sflow::EthernetCounters>
ethernet_counters(std::span<const EthernetColumn> columns, std::span<const std::uint64_t> values);

} // namespace sfa::interfaces
