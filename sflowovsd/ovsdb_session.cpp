#include "sflowovsd/ovsdb_session.hpp"

#include "common/text.hpp"
#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ovsdb_rows.hpp"

#include <algorithm>
#include <cassert>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::sflowovsd {

namespace {

constexpr std::size_t kLongestError = 1024; // characters of a server's message that are shown
constexpr std::chrono::seconds kSteady{30}; // a connection that lasts so long
constexpr unsigned kMostOvertaken = 20;     // transactions in a row, which are planned again at once

void log_names(LoggedState& state, const std::vector<std::string>& names, std::string_view format) {
  if (names.empty()) {
    state.ok();
  } else {
    state.failed(Error{fmt::format(fmt::runtime(format), join_some(names))});
  }
}

void wait_until(MonotonicTime at) {
  poll_timer_wait_until(std::chrono::ceil<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

} // namespace

void OvsdbSession::DestroyIdl::operator()(ovsdb_idl* idl) const {
  ovsdb_idl_destroy(idl);
}

void OvsdbSession::DestroyTxn::operator()(ovsdb_idl_txn* txn) const {
  ovsdb_idl_txn_destroy(txn);
}

OvsdbSession::OvsdbSession(std::string remote, Access access)
    : remote_(std::move(remote)), access_(access),
      idl_(ovsdb_idl_create(remote_.c_str(), &ovsrec_idl_class, false, true)), patterns_(remote_) {
  choose_columns(idl_.get());
  if (access_ == Access::write) {
    ovsdb_idl_set_lock(idl_.get(), kOwner);
  }
}

OvsdbSession::~OvsdbSession() = default;

void OvsdbSession::set_settings(const std::optional<Settings>& settings) {
  settings_ = settings;
  resync();
}

void OvsdbSession::set_cleared(bool cleared) {
  cleared_ = cleared;
  resync();
}

void OvsdbSession::resync() {
  transaction_retry_.start_over();
  damping_.start_over();
  overtaken_ = 0;
  most_changes_.reset();
  patterns_.start_over();
  planned_seqno_.reset();
}

// It changes with the replica, and when the lock is granted.
unsigned OvsdbSession::seqno() const {
  return ovsdb_idl_get_seqno(idl_.get());
}

bool OvsdbSession::plan_is_current() const {
  return planned_seqno_ == seqno();
}

bool OvsdbSession::time_to_plan(MonotonicTime now) const {
  return !plan_is_current() || transaction_retry_.is_due(now) || lock_retry_.is_due(now) ||
         now >= damping_.next().value_or(MonotonicTime::max());
}

void OvsdbSession::run() {
  ovsdb_idl_run(idl_.get());
  patterns_.run();
  check_connection(std::chrono::steady_clock::now());
  connections_log_.set_quiet(is_refused_data() || !connection_state_.failure_text().empty());
  transactions_log_.set_quiet(!committing_.failure_text().empty() || overtaken_ > 0);
  if (transaction_) {
    advance_transaction();
  }
  // Not `else`: a transaction that ended may have left something to plan.
  if (!transaction_ && ovsdb_idl_has_ever_connected(idl_.get())) {
    plan_and_write();
  }
}

// In a cluster, all servers but the leader are refused, and a server that was just restarted may drop one
// connection.
bool OvsdbSession::is_refused_data() const {
  const auto servers = static_cast<unsigned>(1 + std::ranges::count(remote_, ','));
  return connection_.closed_without_data() > servers;
}

void OvsdbSession::check_connection(MonotonicTime now) {
  const bool was_used = connection_.is_connected() && connection_.has_data();
  connection_.update(ovsdb_idl_is_connected(idl_.get()), seqno());
  if (was_used && !connection_.is_connected()) {
    closed_at_ = now;
    if (!closed_connections_.admits(now)) {
      connection_state_.failed(Error{fmt::format("{}: closed again and again", remote_)});
    }
  } else if (connection_.is_connected() && now >= closed_at_ + kSteady) {
    connection_state_.ok();
  }
  // After a conversion, ovsdb-server (3.1: update_database_status()) goes on telling clients the old schema,
  // and refuses them when they ask for a column that only that one has.
  if (is_refused_data()) {
    database_.failed(
        Error{fmt::format("{}: the server has no usable database Open_vSwitch: it serves another "
                          "database, its cluster has no leader, or `ovsdb-client convert` dropped a column, "
                          "after which ovsdb-server must be restarted",
                          remote_)});
  }
}

void OvsdbSession::plan_and_write() {
  const auto now = std::chrono::steady_clock::now();
  if (!time_to_plan(now)) {
    return;
  }
  if (lock_retry_.is_due(now) || !planned_seqno_) {
    request_lock_again();
    lock_retry_.cancel();
  }
  if (transaction_retry_.is_due(now)) {
    transaction_retry_.cancel();
  }
  planned_seqno_ = seqno();

  const auto have = read_snapshot(idl_.get());
  if (!have) {
    database_.failed(have.error());
    plan_.reset();
    damping_.start_over();
    patterns_.update(std::nullopt);
    recorded_.bridges.clear();
    return;
  }
  database_.ok();
  std::optional<Want> wanted;
  if (cleared_) {
    wanted = Want{};
  } else if (settings_) {
    wanted = want(*settings_, have->ovs_version);
  }
  plan_ = plan(*have, wanted);
  damping_.hold_back(*plan_, now);
  if (plan_->rests()) {
    overtaken_ = 0;
    most_changes_.reset();
  } else if (most_changes_) {
    plan_->hold_all_but(*most_changes_);
  }
  if (plan_->empty()) { // also if nothing was done for it
    committing_.ok();
    transaction_retry_.start_over();
  }
  patterns_.update(unmatched_patterns(wanted.value_or(Want{}), have->bridges));
  recorded_.bridges = update_bridges(recorded_.bridges, *plan_, std::chrono::system_clock::now());
  report(wanted);
  // A change of the database does not shorten the wait for a retry: it may be the server's own.
  if (may_write() && !plan_->rests() && !transaction_retry_.at()) {
    begin_transaction();
  }
}

void OvsdbSession::report(const std::optional<Want>& want) {
  std::vector<std::string> foreign;
  std::vector<std::string> problems;
  for (const auto& bridge : plan_->bridges) {
    if (bridge.state == BridgeState::foreign && want && want->row) {
      foreign.push_back(printable(bridge.name));
    }
    if (!bridge.problem.empty()) {
      problems.push_back(fmt::format("{}: {}", printable(bridge.name), bridge.problem));
    }
  }
  std::vector<std::string> left_out;
  for (const auto& collector : want ? want->left_out : std::vector<Collector>{}) {
    left_out.push_back(collector.address.to_string());
  }
  log_names(foreign_rows_, foreign, "left alone on {}");
  log_names(bridges_, problems, "{}");
  log_names(collectors_, left_out,
            "{} left out: Open vSwitch cannot send from another network namespace or through a given device");
}

bool OvsdbSession::is_passive() const {
  return ovsdb_idl_is_lock_contended(idl_.get());
}

// A read-only database grants no lock, and does not report another holder of it.
bool OvsdbSession::may_write() {
  if (access_ == Access::read_only) {
    return false;
  }
  if (ovsdb_idl_has_lock(idl_.get())) {
    lock_.ok();
    lock_retry_.start_over();
    return true;
  }
  if (is_passive()) {
    lock_.failed(Error{"held by another sflowovsd; this one only watches"});
  } else if (connection_.is_connected() && connection_.has_data()) {
    // The server answers the request for the lock before it sends data.
    lock_.failed(Error{"not granted: the database is read-only"});
    if (!lock_retry_.at()) {
      lock_retry_.schedule(std::chrono::steady_clock::now());
    }
  }
  return false;
}

// The library requests it once per connection. A backup server that becomes active keeps its connections.
void OvsdbSession::request_lock_again() {
  if (access_ == Access::write && !lock_.failure_text().empty() && !ovsdb_idl_has_lock(idl_.get()) &&
      !ovsdb_idl_is_lock_contended(idl_.get())) {
    ovsdb_idl_set_lock(idl_.get(), nullptr);
    ovsdb_idl_set_lock(idl_.get(), kOwner);
  }
}

void OvsdbSession::begin_transaction() {
  std::unique_ptr<ovsdb_idl_txn, DestroyTxn> txn(ovsdb_idl_txn_create(idl_.get()));
  transaction_ = Transaction{.txn = std::move(txn),
                             .seqno = seqno(),
                             .begun = std::chrono::steady_clock::now(),
                             .change = plan_summary(*plan_)};
  write_plan(idl_.get(), transaction_->txn.get(), *plan_);
  log_transaction(transaction_->begun);
  ovsdb_idl_txn_add_comment(transaction_->txn.get(), "sflowovsd: %s", transaction_->change.c_str());
  advance_transaction();
}

void OvsdbSession::log_transaction(MonotonicTime now) {
  if (!committing_.failure_text().empty()) {
    spdlog::debug("{}", transaction_->change); // tried again; when it is not refused, `recovered` is logged
    return;
  }
  if (!transaction_lines_.admits(now)) {
    ++unlogged_transactions_;
    return;
  }
  const auto others = std::exchange(unlogged_transactions_, 0);
  spdlog::info("{}", others == 0
                         ? transaction_->change
                         : fmt::format("{} (and {} transactions before it)", transaction_->change, others));
}

void OvsdbSession::succeeded(MonotonicTime now) {
  damping_.changed(*plan_, now);
  transaction_retry_.start_over();
  committing_.ok();
  overtaken_ = 0;
  if (most_changes_) {
    *most_changes_ *= 2;
    planned_seqno_.reset(); // there may be more, even if the database has not changed
  }
}

// Not refused: the data behind it have changed, so that another plan may succeed at once. A single change
// that fails so again and again is one of a fight. If nothing succeeds, that is no fight but the server.
void OvsdbSession::overtaken(MonotonicTime now) {
  ++recorded_.repeated;
  planned_seqno_.reset();
  if (!connection_.is_connected() || !ovsdb_idl_has_lock(idl_.get())) {
    return; // that was the reason
  }
  const std::size_t changes = plan_->due_changes();
  if (changes <= 1) {
    damping_.changed(*plan_, now);
  }
  most_changes_ = std::max<std::size_t>(changes / 2, 1);
  if (++overtaken_ > kMostOvertaken) {
    const char* error = ovsdb_idl_txn_get_error(transaction_->txn.get());
    refused(fmt::format("the database changes during each transaction ({})", error), now);
  }
}

void OvsdbSession::refused(std::string_view why, MonotonicTime now) {
  ++recorded_.failed;
  committing_.failed(Error{printable(why, kLongestError)});
  transaction_retry_.schedule(now);
}

void OvsdbSession::advance_transaction() {
  auto* txn = transaction_->txn.get();
  const auto now = std::chrono::steady_clock::now();
  switch (ovsdb_idl_txn_commit(txn)) {
  case TXN_INCOMPLETE:
    return;
  case TXN_SUCCESS:
    ++recorded_.succeeded;
    recorded_.last_at = std::chrono::system_clock::now();
    recorded_.last_change = transaction_->change;
    recorded_.last_took = std::chrono::duration_cast<std::chrono::microseconds>(now - transaction_->begun);
    [[fallthrough]];
  case TXN_UNCHANGED: // the replica was behind, and the database is already as it should be
    succeeded(now);
    break;
  case TXN_TRY_AGAIN:  // somebody changed what the plan is based on; the update has arrived or will arrive
  case TXN_NOT_LOCKED: // another instance has the lock; getting it back changes the sequence number
    overtaken(now);
    break;
  case TXN_ERROR:
    if (seqno() != transaction_->seqno) {
      overtaken(now); // for example, somebody gave a bridge a row meanwhile
    } else {
      refused(ovsdb_idl_txn_get_error(txn), now);
    }
    break;
  case TXN_UNCOMMITTED:
  case TXN_ABORTED:
    assert(false && "the transaction was committed, and nothing aborts it");
    break;
  }
  transaction_.reset();
}

void OvsdbSession::wait() {
  ovsdb_idl_wait(idl_.get());
  patterns_.wait();
  if (!connection_state_.failure_text().empty() && connection_.is_connected()) {
    wait_until(closed_at_ + kSteady);
  }
  if (transaction_) {
    ovsdb_idl_txn_wait(transaction_->txn.get());
  } else if (!plan_is_current()) {
    if (ovsdb_idl_has_ever_connected(idl_.get())) {
      poll_immediate_wake();
    }
  } else {
    for (const auto& at : {transaction_retry_.at(), lock_retry_.at(), damping_.next()}) {
      if (at) {
        wait_until(*at);
      }
    }
  }
}

bool OvsdbSession::settled() const {
  return connection_.is_connected() && !transaction_ && plan_ && plan_->empty() && plan_is_current();
}

std::optional<std::string> OvsdbSession::obstacle() const {
  if (!connection_.is_connected()) {
    return fmt::format("not connected to {}", remote_);
  }
  if (transaction_ || !planned_seqno_) {
    return std::nullopt;
  }
  for (const auto* state : {&database_, &lock_, &committing_}) {
    if (!state->failure_text().empty()) {
      return fmt::format("{}: {}", state->subject(), state->failure_text());
    }
  }
  if (plan_ && !plan_->empty() && plan_->rests()) {
    return fmt::format("{}: {}", bridges_.subject(), bridges_.failure_text());
  }
  return std::nullopt;
}

SessionStatus OvsdbSession::status() const {
  SessionStatus status = recorded_;
  status.remote = remote_;
  status.connected = connection_.is_connected();
  status.database_problem = database_.failure_text();
  status.lock = ovsdb_idl_has_lock(idl_.get()) ? Lock::held : Lock::waiting;
  status.cleared = cleared_;
  status.last_failure = committing_.failure_text();
  status.unmatched_patterns = patterns_.unmatched();
  for (const auto& row : plan_ ? plan_->rows : std::vector<Plan::Row>{}) {
    status.rows.push_back({row.id, row.columns, row.bridges});
  }
  return status;
}

} // namespace sfa::sflowovsd
