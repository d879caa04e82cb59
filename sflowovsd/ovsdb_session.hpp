// The connection to ovsdb-server: a replica of the rows that matter, and at most one pending transaction.
//
// The daemon's loop calls run(), which never blocks, and then wait(), which registers with Open vSwitch's
// poll loop what to wake up for. If the database or the settings changed, run() takes a new snapshot and
// makes a new plan. A plan that is not empty becomes one transaction. Whatever goes wrong, a later run()
// plans again.
//
// docs/decisions/0018-own-transactions.md says why this is not ovsdb_idl_loop.
#pragma once

#include "common/event_loop.hpp"
#include "common/line_limit.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "sflowovsd/connection.hpp"
#include "sflowovsd/damping.hpp"
#include "sflowovsd/pattern_check.hpp"
#include "sflowovsd/plan.hpp"
#include "sflowovsd/retry.hpp"
#include "sflowovsd/status.hpp"
#include "sflowovsd/vlog_sink.hpp"

#include <memory>
#include <optional>
#include <string>

struct ovsdb_idl;
struct ovsdb_idl_txn;

namespace sfa::sflowovsd {

class OvsdbSession {
public:
  enum class Access {
    write,
    read_only, // plan, but change nothing and do not ask for the lock
  };

  // `remote` as for ovs-vswitchd: "unix:...", "tcp:...", "ssl:...", those of a cluster separated by commas.
  // Open vSwitch's library reconnects without limit, and logs that.
  explicit OvsdbSession(std::string remote, Access access = Access::write);
  OvsdbSession(const OvsdbSession&) = delete;
  OvsdbSession& operator=(const OvsdbSession&) = delete;
  OvsdbSession(OvsdbSession&&) = delete;
  OvsdbSession& operator=(OvsdbSession&&) = delete;
  ~OvsdbSession();

  // nullopt if no settings are known: the database is not changed.
  void set_settings(const std::optional<Settings>& settings);
  // While `cleared`, sFlow is off on every bridge, whatever the settings are.
  void set_cleared(bool cleared);
  // Plans again at the next run(), and holds nothing back, neither a retry nor the repairs of a fight.
  void resync();
  void run();
  void wait();

  // The latest plan: the pending changes. nullopt until the database is known.
  [[nodiscard]] const std::optional<Plan>& current_plan() const { return plan_; }
  // True if the database is known, and is as it should be.
  [[nodiscard]] bool settled() const;
  // True if the patterns that match no bridge, if any, were reported.
  [[nodiscard]] bool patterns_checked() const { return patterns_.done(); }
  // Why the database cannot be brought up to date now; nullopt if nothing prevents it.
  [[nodiscard]] std::optional<std::string> obstacle() const;
  [[nodiscard]] SessionStatus status() const;
  [[nodiscard]] const std::string& remote() const { return remote_; }
  [[nodiscard]] bool is_connected() const { return connection_.is_connected() && connection_.has_data(); }
  // True if another sflowovsd has the lock.
  [[nodiscard]] bool is_passive() const;
  // True if nothing is under way.
  [[nodiscard]] bool is_idle() const { return !transaction_ && plan_is_current(); }

private:
  struct DestroyIdl {
    void operator()(ovsdb_idl* idl) const;
  };
  struct DestroyTxn {
    void operator()(ovsdb_idl_txn* txn) const;
  };
  struct Transaction {
    std::unique_ptr<ovsdb_idl_txn, DestroyTxn> txn;
    unsigned seqno; // of the replica that it was planned from
    MonotonicTime begun;
    std::string change; // for the log and the status
  };

  [[nodiscard]] unsigned seqno() const;
  [[nodiscard]] bool plan_is_current() const;
  [[nodiscard]] bool time_to_plan(MonotonicTime now) const;
  [[nodiscard]] bool is_refused_data() const;
  void check_connection(MonotonicTime now);
  void plan_and_write();
  void report(const std::optional<Want>& want);
  [[nodiscard]] bool may_write();
  void request_lock_again();
  void begin_transaction();
  void log_transaction(MonotonicTime now);
  void advance_transaction();
  void succeeded(MonotonicTime now);
  void overtaken(MonotonicTime now);
  void refused(std::string_view why, MonotonicTime now);

  std::string remote_;
  Access access_;
  std::unique_ptr<ovsdb_idl, DestroyIdl> idl_;
  Connection connection_;
  std::optional<Settings> settings_;
  bool cleared_ = false;

  std::optional<Plan> plan_;
  std::optional<unsigned> planned_seqno_; // of the replica that the plan was made from; nullopt: plan again
  std::optional<Transaction> transaction_;
  // Transactions that failed because the database had changed meanwhile, without a success between them.
  // Those that follow have fewer changes: a bridge that somebody changes all the time must not keep the
  // others waiting.
  unsigned overtaken_ = 0;
  std::optional<std::size_t> most_changes_; // of a transaction; nullopt: all
  Retry transaction_retry_;
  Retry lock_retry_;
  Damping damping_;
  PatternCheck patterns_;

  SessionStatus recorded_; // the part of the status that is recorded as it happens
  LineLimit closed_connections_{2, std::chrono::seconds(30)};
  MonotonicTime closed_at_; // the last of them
  LoggedState connection_state_{"connection"};
  LoggedState database_{"database"};
  LoggedState lock_{"lock sflowovsd"};
  LoggedState committing_{"transaction"};
  LoggedState foreign_rows_{"foreign rows"};
  LoggedState collectors_{"collectors"};
  LoggedState bridges_{"bridges"};
  LineLimit transaction_lines_;
  unsigned unlogged_transactions_ = 0; // since the last line of one
  LibraryLog connections_log_{{"jsonrpc", "ovsdb_cs", "reconnect"}};
  LibraryLog transactions_log_{{"ovsdb_idl"}};
};

} // namespace sfa::sflowovsd
