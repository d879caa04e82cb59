// The decision: from what the database holds and what it should hold to the changes that are needed. Pure,
// and made anew each time from everything, so that a bridge that was added, a row that somebody edited, a
// restart and a lost event are all the same case.
#pragma once

#include "sflowovsd/desired.hpp"
#include "sflowovsd/snapshot.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfa {

inline constexpr const char* kOwnerKey = "managed-by"; // in external_ids of our row
inline constexpr const char* kOwner = "sflowovsd";

enum class BridgeState {
  ours,    // has our row
  attach,  // will get it
  detach,  // will lose it
  foreign, // has a row that is somebody else's: left alone
  off,     // has none, and should have none
  unknown, // nothing is known about what it should have: left alone
};

struct BridgePlan {
  RowId bridge;
  std::string name;
  BridgeState state = BridgeState::unknown;
};

struct Plan {
  // The row that all bridges share: an existing one, or none yet.
  std::optional<RowId> row;
  // What to write into it; nothing when it is as it should be. Without a `row`, what to insert.
  std::optional<SflowColumns> columns;
  // Mark the row as ours (external_ids). Other keys stay.
  bool mark = false;
  std::vector<BridgePlan> bridges; // every bridge of the database

  // Nothing to change.
  [[nodiscard]] bool empty() const;
};

// Without a goal nothing is known, and nothing is changed. A row that has our mark is ours; one without any
// external_ids is adopted; any other is somebody's and its bridge is left alone unless the goal says to take
// over. Several rows of ours become one.
[[nodiscard]] Plan plan(const Snapshot& database, const std::optional<Goal>& goal);

} // namespace sfa
