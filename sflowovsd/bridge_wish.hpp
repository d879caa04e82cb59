// What one bridge should have: the goal for all of them, which of them the settings mean, and what the bridge
// says itself in its external_ids.
#pragma once

#include "sflowovsd/desired.hpp"
#include "sflowovsd/snapshot.hpp"

#include <cstdint>
#include <string>

namespace sfa::sflowovsd {

enum class Wanted {
  sflow,
  off,          // on every bridge
  excluded,     // by the settings
  switched_off, // by the bridge itself: external_ids:sflow=off
};

struct Wish {
  Wanted wanted = Wanted::off;
  std::int64_t sampling = 0; // that its row should have
  std::string problem = {};  // what is wrong with its external_ids, which then do not count
};

[[nodiscard]] Wish wish(const Goal& goal, const BridgeRow& bridge);

} // namespace sfa::sflowovsd
