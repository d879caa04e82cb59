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
#include "sflowovsd/status.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ovsdb_idl;
struct ovsdb_idl_txn;

namespace sfa::sflowovsd {

class OvsdbSession {
public:
  enum class Access {
    write,
    look, // plans, and changes nothing
  };

  // `remote` as for ovs-vswitchd: "unix:...", "tcp:...", "ssl:...", several of a cluster separated by commas.
  // Reconnects by itself, for ever; Open vSwitch's library logs how that goes.
  explicit OvsdbSession(std::string remote, Access access = Access::write);
  OvsdbSession(const OvsdbSession&) = delete;
  OvsdbSession& operator=(const OvsdbSession&) = delete;
  OvsdbSession(OvsdbSession&&) = delete;
  OvsdbSession& operator=(OvsdbSession&&) = delete;
  ~OvsdbSession();

  // Without settings nothing is known, and the database is left as it is.
  void set_settings(const std::optional<Settings>& settings);
  // Off on every bridge, whatever the settings say, until it is called with false.
  void set_cleared(bool cleared);
  // Plans anew at once, also when a refused transaction was to be repeated only later.
  void resync();
  void run();
  void wait();

  // The last plan: what is still to be changed. Nothing before the database was seen.
  [[nodiscard]] const std::optional<Plan>& current_plan() const { return plan_; }
  // The database was seen and is as it should be.
  [[nodiscard]] bool settled() const;
  // Why it will not settle soon; nothing while it may.
  [[nodiscard]] std::optional<std::string> obstacle() const;
  [[nodiscard]] SessionStatus status() const;

private:
  struct DestroyIdl {
    void operator()(ovsdb_idl* idl) const;
  };
  struct DestroyTxn {
    void operator()(ovsdb_idl_txn* txn) const;
  };

  void notice_connection();
  void decide();
  void report(const std::optional<Goal>& goal);
  [[nodiscard]] bool may_write();
  void begin();
  void advance();
  void ask_for_lock_again();
  void retry_later();

  std::string remote_;
  Access access_;
  std::unique_ptr<ovsdb_idl, DestroyIdl> idl_;
  std::unique_ptr<ovsdb_idl_txn, DestroyTxn> txn_; // under way
  std::optional<Settings> settings_;
  bool cleared_ = false;
  bool decide_again_ = true;     // whatever the database says
  unsigned decided_seqno_ = 0;   // of the replica that the last plan was made from
  bool connected_ = false;       // when last looked
  unsigned connected_seqno_ = 0; // of the replica when the connection came about
  unsigned seen_seqno_ = 0;      // of the replica when last looked
  unsigned rejected_ = 0;        // connections in a row that brought no data
  std::optional<Plan> plan_;     // the last
  MonotonicTime begun_;          // of the transaction
  std::string change_;           // what it does
  MonotonicTime retry_at_ = MonotonicTime::max();
  std::chrono::milliseconds back_off_{0};
  SessionStatus counted_; // the part of the status that is not looked up
  LoggedState database_{"database"};
  LoggedState lock_{"lock sflowovsd"};
  LoggedState committing_{"transaction"};
  LoggedState ownership_{"rows of others"};
  LoggedState targets_{"collectors"};
  LoggedState bridge_keys_{"bridges"};
};

} // namespace sfa::sflowovsd
