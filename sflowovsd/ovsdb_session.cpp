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

constexpr std::chrono::milliseconds kFirstBackOff{1000};
constexpr std::chrono::milliseconds kLastBackOff{60000};
constexpr std::size_t kLongestError = 1024; // characters of what the server says that are shown

void say(LoggedState& state, const std::vector<std::string>& names, std::string_view text) {
  if (names.empty()) {
    state.ok();
  } else {
    state.failed(Error{fmt::format(fmt::runtime(text), fmt::join(names, ", "))});
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
  decide_again_ = true;
}

void OvsdbSession::set_cleared(bool cleared) {
  cleared_ = cleared;
  decide_again_ = true;
}

void OvsdbSession::resync() {
  back_off_ = std::chrono::milliseconds(0);
  decide_again_ = true;
}

void OvsdbSession::run() {
  ovsdb_idl_run(idl_.get());
  notice_connection();
  if (txn_) {
    advance();
  }
  // A transaction that ended may ask for another decision at once.
  if (!txn_ && ovsdb_idl_has_ever_connected(idl_.get())) {
    decide();
  }
}

// The library reconnects when a server has no database Open_vSwitch, and says so as information only.
void OvsdbSession::notice_connection() {
  const bool connected = ovsdb_idl_is_connected(idl_.get());
  const unsigned seqno = ovsdb_idl_get_seqno(idl_.get());
  if (connected && !connected_) {
    connected_seqno_ = seen_seqno_; // not `seqno`: the first data may have come in the same turn
  }
  if (seqno != connected_seqno_) {
    rejected_ = 0;
  } else if (connected_ && !connected) {
    ++rejected_;
  }
  // In a cluster only one of the servers is the leader; and one that was just restarted may drop a
  // connection.
  const auto servers = static_cast<unsigned>(1 + std::ranges::count(remote_, ','));
  if (rejected_ > servers) {
    database_.failed(
        Error{fmt::format("{}: there is a server, but no database Open_vSwitch that can be used: "
                          "another database, or a cluster without a leader",
                          remote_)});
  }
  connected_ = connected;
  seen_seqno_ = seqno;
}

void OvsdbSession::decide() {
  const unsigned seqno = ovsdb_idl_get_seqno(idl_.get());
  const bool retry = std::chrono::steady_clock::now() >= retry_at_;
  if (seqno == decided_seqno_ && !decide_again_ && !retry) {
    return;
  }
  if (retry || decide_again_) {
    ask_for_lock_again();
  }
  decided_seqno_ = seqno;
  decide_again_ = false;
  retry_at_ = MonotonicTime::max();

  const auto database = read_snapshot(idl_.get());
  if (!database) {
    database_.failed(database.error());
    plan_.reset();
    counted_.bridges.clear();
    return;
  }
  database_.ok();
  std::optional<Goal> goal;
  if (cleared_) {
    goal = Goal{};
  } else if (settings_) {
    goal = desired(*settings_, database->ovs_version);
  }
  plan_ = plan(*database, goal);
  counted_.bridges = follow(counted_.bridges, *plan_, std::chrono::system_clock::now());
  report(goal);
  if (may_write() && !plan_->empty()) {
    begin();
  }
}

void OvsdbSession::report(const std::optional<Goal>& goal) {
  std::vector<std::string> left_alone;
  std::vector<std::string> problems;
  for (const auto& bridge : plan_->bridges) {
    if (bridge.state == BridgeState::foreign && goal && goal->row) {
      left_alone.push_back(printable(bridge.name));
    }
    if (!bridge.problem.empty()) {
      problems.push_back(fmt::format("{}: {}", printable(bridge.name), bridge.problem));
    }
  }
  std::vector<std::string> unreachable;
  for (const auto& collector : goal ? goal->left_out : std::vector<Collector>{}) {
    unreachable.push_back(collector.address.to_string());
  }
  say(ownership_, left_alone, "left alone on {}");
  say(bridge_keys_, problems, "{}");
  say(targets_, unreachable,
      "{} left out: Open vSwitch cannot send from another network namespace or through a given device");
}

// A read-only database grants no lock, and does not say that somebody else has it.
bool OvsdbSession::may_write() {
  if (access_ == Access::look) {
    return false;
  }
  if (ovsdb_idl_has_lock(idl_.get())) {
    lock_.ok();
    return true;
  }
  if (ovsdb_idl_is_lock_contended(idl_.get())) {
    lock_.failed(Error{"held by another sflowovsd; this one only watches"});
  } else if (connected_ && ovsdb_idl_get_seqno(idl_.get()) != connected_seqno_) {
    // The answer to the request for the lock came before the data.
    lock_.failed(Error{"not granted: the database is read-only"});
    retry_later();
  }
  return false;
}

// The library asks once a connection. A server that was a backup and becomes active keeps the connection.
void OvsdbSession::ask_for_lock_again() {
  if (access_ == Access::write && !lock_.failure_text().empty() && !ovsdb_idl_has_lock(idl_.get()) &&
      !ovsdb_idl_is_lock_contended(idl_.get())) {
    ovsdb_idl_set_lock(idl_.get(), nullptr);
    ovsdb_idl_set_lock(idl_.get(), kOwner);
  }
}

void OvsdbSession::begin() {
  begun_ = std::chrono::steady_clock::now();
  txn_.reset(ovsdb_idl_txn_create(idl_.get()));
  write_plan(idl_.get(), txn_.get(), *plan_);
  change_ = plan_summary(*plan_);
  spdlog::info("{}", change_);
  ovsdb_idl_txn_add_comment(txn_.get(), "sflowovsd: %s", change_.c_str());
  advance();
}

void OvsdbSession::advance() {
  const auto status = ovsdb_idl_txn_commit(txn_.get());
  switch (status) {
  case TXN_INCOMPLETE:
    return;
  case TXN_SUCCESS:
    ++counted_.succeeded;
    counted_.last_at = std::chrono::system_clock::now();
    counted_.last_change = change_;
    counted_.last_took =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun_);
    [[fallthrough]];
  case TXN_UNCHANGED: // the replica was behind, and the database already is as it should be
    back_off_ = std::chrono::milliseconds(0);
    committing_.ok();
    break;
  case TXN_TRY_AGAIN:  // somebody changed what the plan was made from: the news is here or on its way
  case TXN_NOT_LOCKED: // the lock went to another instance: getting it back counts as a change
    ++counted_.repeated;
    break;
  case TXN_ERROR:
    if (ovsdb_idl_get_seqno(idl_.get()) != decided_seqno_) {
      ++counted_.repeated; // somebody gave a bridge a row meanwhile, say
    } else {
      ++counted_.failed;
      committing_.failed(Error{printable(ovsdb_idl_txn_get_error(txn_.get()), kLongestError)});
      retry_later();
    }
    break;
  case TXN_UNCOMMITTED:
  case TXN_ABORTED:
    assert(false && "a transaction that was committed and not aborted");
    break;
  }
  txn_.reset();
}

void OvsdbSession::retry_later() {
  back_off_ = std::clamp(back_off_ * 2, kFirstBackOff, kLastBackOff);
  retry_at_ = std::chrono::steady_clock::now() + back_off_;
}

void OvsdbSession::wait() {
  ovsdb_idl_wait(idl_.get());
  if (txn_) {
    ovsdb_idl_txn_wait(txn_.get());
  } else if (decide_again_ || ovsdb_idl_get_seqno(idl_.get()) != decided_seqno_) {
    if (ovsdb_idl_has_ever_connected(idl_.get())) {
      poll_immediate_wake();
    }
  } else if (retry_at_ != MonotonicTime::max()) {
    poll_timer_wait_until(std::chrono::ceil<std::chrono::milliseconds>(retry_at_.time_since_epoch()).count());
  }
}

bool OvsdbSession::settled() const {
  return connected_ && !txn_ && !decide_again_ && plan_ && plan_->empty() &&
         ovsdb_idl_get_seqno(idl_.get()) == decided_seqno_;
}

std::optional<std::string> OvsdbSession::obstacle() const {
  if (!connected_) {
    return fmt::format("not connected to {}", remote_);
  }
  if (txn_ || decide_again_) {
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
  SessionStatus status = counted_;
  status.remote = remote_;
  status.connected = connected_;
  status.database_problem = database_.failure_text();
  status.lock = ovsdb_idl_has_lock(idl_.get()) ? Lock::held : Lock::waiting;
  status.cleared = cleared_;
  status.last_failure = committing_.failure_text();
  for (const auto& row : plan_ ? plan_->rows : std::vector<RowPlan>{}) {
    status.rows.push_back({row.id, row.columns, row.bridges});
  }
  return status;
}

} // namespace sfa::sflowovsd
