// The decision: from what the database holds and what it should hold to the changes that are needed. Pure,
// and made anew each time from everything, so that a bridge that was added, a row that somebody edited, a
// restart and a lost event are all the same case.
#pragma once

#include "sflowovsd/desired.hpp"
#include "sflowovsd/snapshot.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfa::sflowovsd {

inline constexpr const char* kOwnerKey = "managed-by"; // in external_ids of our row
inline constexpr const char* kOwner = "sflowovsd";

enum class BridgeState {
  ours,         // has our row
  attach,       // will get it
  detach,       // will lose it
  foreign,      // has a row that is somebody else's: left alone
  off,          // has none, and should have none
  excluded,     // by the settings: left alone
  switched_off, // by external_ids:sflow=off of the bridge
  unknown,      // nothing is known about what it should have: left alone
};

// A row that bridges with the same settings share.
struct RowPlan {
  std::optional<RowId> id; // an existing one, or none: to be inserted
  SflowColumns columns;    // what it should hold
  bool write = false;      // it does not yet
  bool mark = false;       // mark it as ours (external_ids); other keys stay
  std::size_t bridges = 0; // that have it or will
};

struct BridgePlan {
  RowId bridge;
  std::string name;
  BridgeState state = BridgeState::unknown;
  std::size_t row = 0;      // index in Plan::rows, when the state is ours or attach
  std::string problem = {}; // with its external_ids, which then do not count
};

struct Plan {
  // One for all bridges, and one more for each rate that bridges have set for themselves.
  std::vector<RowPlan> rows;
  std::vector<BridgePlan> bridges; // every bridge of the database, in its order

  // Nothing to change.
  [[nodiscard]] bool empty() const;
};

// Without a goal nothing is known, and nothing is changed. A row that has our mark is ours; one without any
// external_ids is adopted, unless a bridge has it that is none of our business; any other is somebody's and
// its bridge is left alone unless the goal says to take over. Several rows of ours that would hold the same
// become one.
[[nodiscard]] Plan plan(const Snapshot& database, const std::optional<Goal>& goal);

} // namespace sfa::sflowovsd
