// What the shared file's settings mean for Open vSwitch.
#pragma once

#include "common/settings.hpp"
#include "sflowovsd/snapshot.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sfa {

// What every bridge should have. No row: sFlow is to be off.
struct Goal {
  std::optional<SflowColumns> row;
  std::vector<Collector> left_out = {}; // that Open vSwitch cannot send to as configured
  bool takeover = false;                // also where a row carries somebody else's external_ids
};

// ovs-vswitchd sends from its own network namespace and as routed there. A collector in another namespace it
// would miss or, worse, mistake for somebody else with the same address; one that is bound to a device it
// could send copies of packets to over a network that the device was named to avoid. Both are left out.
[[nodiscard]] Goal desired(const Settings& settings, std::string_view ovs_version);

} // namespace sfa
