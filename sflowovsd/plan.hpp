// The difference between what Open vSwitch has and what it should have, as the changes to make. Pure, and
// computed from scratch each time: a new bridge, an edited row, a restart and a lost event are the same case.
#pragma once

#include "sflowovsd/snapshot.hpp"
#include "sflowovsd/want.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfa::sflowovsd {

// The mark of our rows in their external_ids.
inline constexpr const char* kOwnerKey = "managed-by";
inline constexpr const char* kOwner = "sflowovsd";

struct Plan {
  // One row of ours.
  struct Row {
    std::optional<RowId> id; // nullopt if it is to be inserted
    SflowColumns columns;    // what it should hold
    bool write = false;      // the columns differ
    bool mark = false;       // mark it as ours; its other external_ids stay
    bool held = false;       // not now: it is neither inserted nor written (damping.hpp)
    std::size_t bridges = 0; // that have it or get it

    [[nodiscard]] bool differs() const { return write || mark; }
  };
  struct Bridge {
    RowId id;
    std::string name;
    BridgeState state = BridgeState::unknown;
    std::size_t row = 0;      // index in `rows`, if the state is sampled or attaching
    std::string problem = {}; // as in BridgeWant, or that another client keeps changing it
    bool held = false;        // not now: neither attached nor detached (damping.hpp)

    [[nodiscard]] bool differs() const {
      return state == BridgeState::attaching || state == BridgeState::detaching;
    }
  };

  std::vector<Row> rows;       // one for all bridges, and one for each rate that bridges set for themselves
  std::vector<Bridge> bridges; // every bridge of the database, in its order

  // True if nothing is to be changed.
  [[nodiscard]] bool empty() const;
  // True if nothing is to be changed now: what differs, if anything, is held.
  [[nodiscard]] bool rests() const;
  // The number of changes that are not held: of existing rows, and of bridges with the new rows that they
  // get.
  [[nodiscard]] std::size_t due_changes() const;
  // Holds all of these but the first.
  void hold_all_but(std::size_t most);
};

// Without `want`, the plan changes nothing. Otherwise:
// - A row with our mark is ours. Several rows of ours that would hold the same become one.
// - A row without any external_ids is adopted, unless it is also on a bridge that should not have sFlow.
// - Any other row has another owner. It is never written, and its bridge keeps it unless `takeover` is set.
[[nodiscard]] Plan plan(const Snapshot& have, const std::optional<Want>& want);

} // namespace sfa::sflowovsd
