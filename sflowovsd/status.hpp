// The output of `sflow/status` and `sflow/plan` (ovs-appctl). Pure: values to text.
#pragma once

#include "sflowovsd/patterns.hpp"
#include "sflowovsd/plan.hpp"
#include "sflowovsd/ports.hpp"

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
  std::optional<RowId> row; // of ours, that it has or gets; nullopt if none, or if it is not inserted yet
  std::string problem;      // as in Plan::Bridge; empty if none
};

struct RowStatus {
  std::optional<RowId> id; // nullopt if it is not inserted yet
  SflowColumns columns;    // what it should hold
  std::size_t bridges = 0; // that have it or get it
};

enum class Lock {
  held,
  waiting, // held by another instance, or not granted yet
};

struct SessionStatus {
  std::string remote;
  bool connected = false;
  std::string database_problem; // why the database cannot be used; empty if it can
  Lock lock = Lock::waiting;
  bool cleared = false; // by sflow/clear: sFlow is off, whatever the shared file says
  std::vector<RowStatus> rows;
  std::vector<BridgeStatus> bridges; // by name
  std::vector<UnmatchedPattern> unmatched_patterns;

  // Transactions since the start.
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;        // refused by the database
  std::uint64_t repeated = 0;      // planned again: the database changed meanwhile, or the lock was lost
  std::optional<WallTime> last_at; // of the latest success
  std::string last_change;         // what it changed
  std::chrono::microseconds last_took{0}; // from decision to commit
  std::string last_failure;               // empty after a success
};

struct SharedFileStatus {
  std::string path;
  std::optional<std::uint32_t> revision; // of the current settings; nullopt if there are none
  std::string problem;                   // the error in the present content; empty if none
};

struct PortsFileStatus {
  std::string path;                 // empty: there is no ports file
  std::optional<PortCounts> counts; // of what was published last; nullopt if nothing was
  std::string problem;              // why it is not updated; empty if it is
};

// The name of a state in both formats of the status.
[[nodiscard]] std::string_view state_name(BridgeState state);

// The bridges of a plan. A bridge that keeps the state that it has in `before` also keeps its `since`. Both
// `before` and the plan are sorted by name.
[[nodiscard]] std::vector<BridgeStatus> update_bridges(const std::vector<BridgeStatus>& before,
                                                       const Plan& plan, WallTime now);

[[nodiscard]] std::string status_text(const SessionStatus& session, const SharedFileStatus& file,
                                      const PortsFileStatus& ports_file);
// Times as in RFC 3339, in UTC. Later versions may add keys, but do not change the meaning of a key.
[[nodiscard]] std::string status_json(const SessionStatus& session, const SharedFileStatus& file,
                                      const PortsFileStatus& ports_file);

// The changes of a plan, one per line; "nothing to change" if there are none.
[[nodiscard]] std::string plan_text(const Plan& plan);
// The number of changes that are not held, as one line for the log.
[[nodiscard]] std::string plan_summary(const Plan& plan);

} // namespace sfa::sflowovsd
