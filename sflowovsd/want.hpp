// What Open vSwitch should have: the settings of the shared file, applied to all bridges and to one bridge.
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

// With a sampling of 0, ovs-vswitchd would switch the counters off as well. So "counters only" is the rarest
// sampling that the datapath accepts: it stores UINT32_MAX / sampling as a probability.
inline constexpr std::int64_t kCountersOnly = std::numeric_limits<std::uint32_t>::max();

// What all bridges should have.
struct Want {
  std::optional<SflowColumns> row = {};  // nullopt if sFlow is off
  std::vector<Collector> left_out = {};  // collectors that Open vSwitch cannot send to as configured
  bool takeover = false;                 // also replace rows that carry external_ids of another owner
  std::vector<std::string> bridges = {}; // patterns of the selected bridges; empty selects all
  std::vector<std::string> exclude = {}; // patterns of excluded bridges; overrides `bridges`
};

enum class BridgeState {
  sampled,      // has our row
  attaching,    // gets our row
  detaching,    // loses our row
  foreign,      // has a row of another owner, which is left alone
  off,          // has no row and should have none
  excluded,     // not selected by the settings
  switched_off, // by its own external_ids:sflow=off
  unknown,      // no settings are known: unchanged
};

// What one bridge should have.
struct BridgeWant {
  BridgeState state = BridgeState::off; // sampled, off, excluded or switched_off
  std::int64_t sampling = 0;            // of its row, if `sampled`
  std::string problem = {};             // the error in its external_ids, whose value is ignored
};

// Leaves out collectors that have a device or a network namespace. ovs-vswitchd sends from its own namespace
// and uses the routes there: it would miss such a collector, reach another host with the same address, or
// send copies of packets over a network that the device was named to avoid.
[[nodiscard]] Want want(const Settings& settings, std::string_view ovs_version);

// Applies the bridge's external_ids to what all bridges should have.
[[nodiscard]] BridgeWant want_for(const BridgeRow& bridge, const Want& want);

} // namespace sfa::sflowovsd
