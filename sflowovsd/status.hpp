// What sflowovsd says about itself: `sflow/status` and `sflow/plan` of ovs-appctl. Pure: values to text.
#pragma once

#include "sflowovsd/plan.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflowovsd {

using WallTime = std::chrono::system_clock::time_point;

struct BridgeStatus {
  std::string name;
  BridgeState state = BridgeState::unknown;
  WallTime since;           // of the state
  std::optional<RowId> row; // of ours that it has or will have; none while that is not inserted
  std::string problem;      // with its external_ids
};

struct RowStatus {
  std::optional<RowId> id; // none = to be inserted
  SflowColumns columns;    // what it holds, or will
  std::size_t bridges = 0; // that have it, or will
};

enum class Lock {
  held,
  waiting, // held by another instance, or not granted yet
};

struct SessionStatus {
  std::string remote;
  bool connected = false;
  std::string database_problem; // why the database is of no use; empty = none
  Lock lock = Lock::waiting;
  bool cleared = false; // by sflow/clear: off, whatever the shared file says
  std::vector<RowStatus> rows;
  std::vector<BridgeStatus> bridges; // by name

  // Transactions since the start.
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;        // refused by the database
  std::uint64_t repeated = 0;      // the database changed meanwhile, or the lock was lost: planned anew
  std::optional<WallTime> last_at; // the last one that succeeded
  std::string last_change;         // what it did
  std::chrono::microseconds last_took{0}; // from decision to commit
  std::string last_failure;               // empty once one succeeds
};

struct SharedFileStatus {
  std::string path;
  std::optional<std::uint32_t> revision; // in force; none = nothing known
  std::string problem;                   // with the file as it is now; empty = none
};

// The state in one word, as in both forms of the status.
[[nodiscard]] std::string_view word(BridgeState state);

// The bridges of a plan, each with the time since when it has its state. `before` is by name, and so is the
// plan.
[[nodiscard]] std::vector<BridgeStatus> follow(const std::vector<BridgeStatus>& before, const Plan& plan,
                                               WallTime now);

[[nodiscard]] std::string status_text(const SessionStatus& session, const SharedFileStatus& file);
// Times as RFC 3339 in UTC. Keys may be added, and none changes its meaning.
[[nodiscard]] std::string status_json(const SessionStatus& session, const SharedFileStatus& file);

// The changes of a plan, one a line; "nothing to change" for none.
[[nodiscard]] std::string plan_text(const Plan& plan);
// The same in one line of a log, without names.
[[nodiscard]] std::string plan_summary(const Plan& plan);

} // namespace sfa::sflowovsd
