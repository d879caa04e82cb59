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

void log_names(LoggedState& state, const std::vector<std::string>& names, std::string_view format) {
  if (names.empty()) {
    state.ok();
  } else {
    state.failed(Error{fmt::format(fmt::runtime(format), fmt::join(names, ", "))});
  }
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
      idl_(ovsdb_idl_create(remote_.c_str(), &ovsrec_idl_class, false, true)) {
  choose_columns(idl_.get());
  if (access_ == Access::write) {
    ovsdb_idl_set_lock(idl_.get(), kOwner);
  }
}

OvsdbSession::~OvsdbSession() = default;

void OvsdbSession::set_settings(const std::optional<Settings>& settings) {
  settings_ = settings;
  planned_seqno_.reset();
}

void OvsdbSession::set_cleared(bool cleared) {
  cleared_ = cleared;
  planned_seqno_.reset();
}

void OvsdbSession::resync() {
  retry_.start_over();
  planned_seqno_.reset();
}

// It changes with the replica, and when the lock is granted.
unsigned OvsdbSession::seqno() const {
  return ovsdb_idl_get_seqno(idl_.get());
}

bool OvsdbSession::plan_is_current() const {
  return planned_seqno_ == seqno();
}

void OvsdbSession::run() {
  ovsdb_idl_run(idl_.get());
  check_connection();
  if (transaction_) {
    advance_transaction();
  }
  // Not `else`: a transaction that ended may have left something to plan.
  if (!transaction_ && ovsdb_idl_has_ever_connected(idl_.get())) {
    plan_and_write();
  }
}

void OvsdbSession::check_connection() {
  connection_.update(ovsdb_idl_is_connected(idl_.get()), seqno());
  // In a cluster, all servers but the leader are refused, and a server that was just restarted may drop one
  // connection.
  const auto servers = static_cast<unsigned>(1 + std::ranges::count(remote_, ','));
  if (connection_.closed_without_data() > servers) {
    database_.failed(
        Error{fmt::format("{}: the server has no usable database Open_vSwitch: it serves another "
                          "database, or its cluster has no leader",
                          remote_)});
  }
}

void OvsdbSession::plan_and_write() {
  const bool retry = retry_.is_due(std::chrono::steady_clock::now());
  if (plan_is_current() && !retry) {
    return;
  }
  if (retry || !planned_seqno_) {
    request_lock_again();
  }
  planned_seqno_ = seqno();
  retry_.cancel();

  const auto have = read_snapshot(idl_.get());
  if (!have) {
    database_.failed(have.error());
    plan_.reset();
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
  recorded_.bridges = update_bridges(recorded_.bridges, *plan_, std::chrono::system_clock::now());
  report(wanted);
  if (may_write() && !plan_->empty()) {
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

// A read-only database grants no lock, and does not report another holder of it.
bool OvsdbSession::may_write() {
  if (access_ == Access::read_only) {
    return false;
  }
  if (ovsdb_idl_has_lock(idl_.get())) {
    lock_.ok();
    return true;
  }
  if (ovsdb_idl_is_lock_contended(idl_.get())) {
    lock_.failed(Error{"held by another sflowovsd; this one only watches"});
  } else if (connection_.is_connected() && connection_.has_data()) {
    // The server answers the request for the lock before it sends data.
    lock_.failed(Error{"not granted: the database is read-only"});
    retry_.schedule(std::chrono::steady_clock::now());
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
  spdlog::info("{}", transaction_->change);
  ovsdb_idl_txn_add_comment(transaction_->txn.get(), "sflowovsd: %s", transaction_->change.c_str());
  advance_transaction();
}

void OvsdbSession::advance_transaction() {
  auto* txn = transaction_->txn.get();
  switch (ovsdb_idl_txn_commit(txn)) {
  case TXN_INCOMPLETE:
    return;
  case TXN_SUCCESS:
    ++recorded_.succeeded;
    recorded_.last_at = std::chrono::system_clock::now();
    recorded_.last_change = transaction_->change;
    recorded_.last_took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - transaction_->begun);
    [[fallthrough]];
  case TXN_UNCHANGED: // the replica was behind, and the database is already as it should be
    retry_.start_over();
    committing_.ok();
    break;
  case TXN_TRY_AGAIN:  // somebody changed what the plan is based on; the update has arrived or will arrive
  case TXN_NOT_LOCKED: // another instance has the lock; getting it back changes the sequence number
    ++recorded_.repeated;
    break;
  case TXN_ERROR:
    if (seqno() != transaction_->seqno) {
      ++recorded_.repeated; // for example, somebody gave a bridge a row meanwhile
    } else {
      ++recorded_.failed;
      committing_.failed(Error{printable(ovsdb_idl_txn_get_error(txn), kLongestError)});
      retry_.schedule(std::chrono::steady_clock::now());
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
  if (transaction_) {
    ovsdb_idl_txn_wait(transaction_->txn.get());
  } else if (!plan_is_current()) {
    if (ovsdb_idl_has_ever_connected(idl_.get())) {
      poll_immediate_wake();
    }
  } else if (const auto at = retry_.at()) {
    poll_timer_wait_until(std::chrono::ceil<std::chrono::milliseconds>(at->time_since_epoch()).count());
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
  for (const auto& row : plan_ ? plan_->rows : std::vector<Plan::Row>{}) {
    status.rows.push_back({row.id, row.columns, row.bridges});
  }
  return status;
}

} // namespace sfa::sflowovsd
