// The connection to ovsdb-server: a replica of the rows that matter, and at most one transaction under way.
//
// A turn of the daemon calls run(), which never blocks, and then wait(), which tells Open vSwitch's poll loop
// what to wake up for. Each turn in which the database or the goal changed makes a fresh snapshot and a fresh
// plan; a plan that is not empty becomes one transaction. Everything that can go wrong ends in the same
// place: a later turn.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "sflowovsd/plan.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ovsdb_idl;
struct ovsdb_idl_txn;

namespace sfa {

class OvsdbSession {
public:
  // `remote` as for ovs-vswitchd: "unix:...", "tcp:...", "ssl:...". Reconnects by itself, for ever; Open
  // vSwitch's library logs how that goes.
  explicit OvsdbSession(std::string remote);
  OvsdbSession(const OvsdbSession&) = delete;
  OvsdbSession& operator=(const OvsdbSession&) = delete;
  OvsdbSession(OvsdbSession&&) = delete;
  OvsdbSession& operator=(OvsdbSession&&) = delete;
  ~OvsdbSession();

  // Without settings nothing is known, and the database is left as it is.
  void set_settings(const std::optional<Settings>& settings);
  void run();
  void wait();

  struct Status {
    std::string remote;
    bool connected = false;
    bool has_lock = false; // without it another sflowovsd is at work, and this one only watches
    std::optional<RowId> row;
    std::vector<BridgePlan> bridges;
    std::uint64_t transactions = 0;            // that succeeded
    std::chrono::microseconds last_latency{0}; // from the change that was seen to the commit
    std::string last_failure;                  // of a transaction; empty when the last one succeeded
  };
  [[nodiscard]] Status status() const;

private:
  struct DestroyIdl {
    void operator()(ovsdb_idl* idl) const;
  };
  struct DestroyTxn {
    void operator()(ovsdb_idl_txn* txn) const;
  };

  [[nodiscard]] Snapshot snapshot() const;
  void decide();
  void say_what_is_left_out(const std::optional<Goal>& goal);
  void begin(const Plan& plan);
  void advance();
  void retry_later(const Error& error);

  std::string remote_;
  std::unique_ptr<ovsdb_idl, DestroyIdl> idl_;
  std::unique_ptr<ovsdb_idl_txn, DestroyTxn> txn_; // under way
  std::optional<Settings> settings_;
  bool decide_again_ = true;        // whatever the database says
  unsigned decided_seqno_ = 0;      // of the replica that the last plan was made from
  std::vector<BridgePlan> bridges_; // of that plan
  std::optional<RowId> row_;
  MonotonicTime begun_;
  MonotonicTime retry_at_ = MonotonicTime::max();
  std::chrono::milliseconds back_off_{0};
  std::uint64_t transactions_ = 0;
  std::chrono::microseconds last_latency_{0};
  LoggedState lock_{"lock sflowovsd"};
  LoggedState committing_{"transaction"};
  LoggedState ownership_{"rows of others"};
  LoggedState targets_{"collectors"};
};

} // namespace sfa
