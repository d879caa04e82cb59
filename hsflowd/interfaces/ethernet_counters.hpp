// ethernet_counters of an interface, from its driver's counters.
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

// The place of a field of ethernet_counters in a driver's list of counters. Each driver has its own names.
// Known are those that e1000e, igb, ixgbe, i40e, ice, tg3, bnx2, bnxt, be2net, r8169, mlx4 and mlx5 have for
// the counters of RFC 3635.
struct EthernetColumn {
  std::size_t place = 0; // in the driver's list
  std::uint32_t sflow::EthernetCounters::*field;

  bool operator==(const EthernetColumn&) const = default;
};
[[nodiscard]] std::vector<EthernetColumn> ethernet_columns(std::span<const std::string> names);

// A field without a column stays unknown. nullopt without any column, or if a value is missing.
[[nodiscard]] std::optional<sflow::EthernetCounters>
ethernet_counters(std::span<const EthernetColumn> columns, std::span<const std::uint64_t> values);

} // namespace sfa::interfaces
