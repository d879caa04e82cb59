// What the shared file's settings mean for Open vSwitch.
#pragma once

#include "common/settings.hpp"
#include "sflowovsd/snapshot.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflowovsd {

// A sampling of 0 would make ovs-vswitchd switch the counters off too, so "counters only" is the rarest
// sampling that the data path takes: it keeps UINT32_MAX / sampling as a probability.
inline constexpr std::int64_t kCountersOnly = std::numeric_limits<std::uint32_t>::max();

// What the bridges should have. No row: sFlow is to be off.
struct Goal {
  std::optional<SflowColumns> row;
  std::vector<Collector> left_out = {};  // that Open vSwitch cannot send to as configured
  bool takeover = false;                 // also where a row carries somebody else's external_ids
  std::vector<std::string> bridges = {}; // patterns of those meant; none = all
  std::vector<std::string> exclude = {}; // patterns of those not meant; stronger
};

// ovs-vswitchd sends from its own network namespace and as routed there. A collector in another namespace it
// would miss or, worse, mistake for somebody else with the same address; one that is bound to a device it
// could send copies of packets to over a network that the device was named to avoid. Both are left out.
[[nodiscard]] Goal desired(const Settings& settings, std::string_view ovs_version);

} // namespace sfa::sflowovsd
