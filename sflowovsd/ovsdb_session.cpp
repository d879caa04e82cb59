#include "sflowovsd/ovsdb_session.hpp"

#include "common/handle.hpp"
#include "sflowovsd/ovs_idl.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa {

namespace {

constexpr std::chrono::milliseconds kFirstBackOff{1000};
constexpr std::chrono::milliseconds kLastBackOff{60000};

RowId row_id(const uuid& id) {
  return RowId{{id.parts[0], id.parts[1], id.parts[2], id.parts[3]}};
}

uuid to_uuid(const RowId& id) {
  uuid result{};
  std::ranges::copy(id.parts, std::begin(result.parts));
  return result;
}

std::optional<std::int64_t> optional_integer(const std::int64_t* value, std::size_t n) {
  return n > 0 ? std::optional(*value) : std::nullopt;
}

SflowRow read_row(const ovsrec_sflow& row) {
  SflowRow result;
  result.id = row_id(row.header_.uuid);
  if (row.agent != nullptr) {
    result.columns.agent = row.agent;
  }
  result.columns.sampling = optional_integer(row.sampling, row.n_sampling);
  result.columns.polling = optional_integer(row.polling, row.n_polling);
  result.columns.header = optional_integer(row.header, row.n_header);
  result.columns.targets.assign(row.targets, row.targets + row.n_targets);
  std::ranges::sort(result.columns.targets);
  // SMAP_FOR_EACH converts void* as only C does.
  const Handle<const smap_node*, std::free> nodes(smap_sort(&row.external_ids));
  for (std::size_t i = 0; i < smap_count(&row.external_ids); ++i) {
    result.external_ids.emplace(nodes.get()[i]->key, nodes.get()[i]->value);
  }
  return result;
}

void write_columns(const ovsrec_sflow* row, const SflowColumns& columns) {
  const auto write_integer = [row](auto* set, const std::optional<std::int64_t>& value) {
    set(row, value ? &*value : nullptr, value ? 1 : 0);
  };
  ovsrec_sflow_set_agent(row, columns.agent ? columns.agent->c_str() : nullptr);
  write_integer(ovsrec_sflow_set_sampling, columns.sampling);
  write_integer(ovsrec_sflow_set_polling, columns.polling);
  write_integer(ovsrec_sflow_set_header, columns.header);
  std::vector<const char*> targets;
  std::ranges::transform(columns.targets, std::back_inserter(targets), &std::string::c_str);
  ovsrec_sflow_set_targets(row, const_cast<const char**>(targets.data()), targets.size());
}

// Everything is verified that the plan was made from: if it is no longer so at the server, the transaction
// fails and the next turn plans anew. That is what keeps a row that somebody took in the meantime from being
// overwritten.
const ovsrec_sflow* write_row(ovsdb_idl* idl, ovsdb_idl_txn* txn, const Plan& plan) {
  const ovsrec_sflow* row = nullptr;
  if (plan.row) {
    const uuid id = to_uuid(*plan.row);
    row = ovsrec_sflow_get_for_uuid(idl, &id);
    if (plan.columns || plan.mark) {
      ovsrec_sflow_verify_external_ids(row);
    }
  } else if (plan.columns) {
    row = ovsrec_sflow_insert(txn);
  }
  if (plan.columns) {
    write_columns(row, *plan.columns);
  }
  if (plan.mark) {
    ovsrec_sflow_update_external_ids_setkey(row, kOwnerKey, kOwner);
  }
  return row;
}

} // namespace

void OvsdbSession::DestroyIdl::operator()(ovsdb_idl* idl) const {
  ovsdb_idl_destroy(idl);
}

void OvsdbSession::DestroyTxn::operator()(ovsdb_idl_txn* txn) const {
  ovsdb_idl_txn_destroy(txn);
}

OvsdbSession::OvsdbSession(std::string remote)
    : remote_(std::move(remote)), idl_(ovsdb_idl_create(remote_.c_str(), &ovsrec_idl_class, false, true)) {
  for (const auto* column : {&ovsrec_open_vswitch_col_bridges, &ovsrec_open_vswitch_col_ovs_version,
                             &ovsrec_bridge_col_name, &ovsrec_bridge_col_sflow, &ovsrec_sflow_col_agent,
                             &ovsrec_sflow_col_sampling, &ovsrec_sflow_col_polling, &ovsrec_sflow_col_header,
                             &ovsrec_sflow_col_targets, &ovsrec_sflow_col_external_ids}) {
    ovsdb_idl_add_column(idl_.get(), column);
  }
  ovsdb_idl_set_lock(idl_.get(), kOwner);
}

OvsdbSession::~OvsdbSession() = default;

void OvsdbSession::set_settings(const std::optional<Settings>& settings) {
  settings_ = settings;
  decide_again_ = true;
}

void OvsdbSession::run() {
  ovsdb_idl_run(idl_.get());
  if (txn_) {
    advance();
  }
  // A transaction that ended may ask for another decision at once.
  if (!txn_ && ovsdb_idl_has_ever_connected(idl_.get())) {
    decide();
  }
}

void OvsdbSession::decide() {
  const unsigned seqno = ovsdb_idl_get_seqno(idl_.get());
  const bool retry = std::chrono::steady_clock::now() >= retry_at_;
  if (seqno == decided_seqno_ && !decide_again_ && !retry) {
    return;
  }
  decided_seqno_ = seqno;
  decide_again_ = false;
  retry_at_ = MonotonicTime::max();

  const Snapshot database = snapshot();
  const auto goal = settings_ ? std::optional(desired(*settings_, database.ovs_version)) : std::nullopt;
  const Plan decided = plan(database, goal);
  bridges_ = decided.bridges;
  row_ = decided.row;
  say_what_is_left_out(goal);
  if (ovsdb_idl_is_lock_contended(idl_.get())) {
    lock_.failed(Error{"held by another sflowovsd; this one only watches"});
  } else if (ovsdb_idl_has_lock(idl_.get())) {
    lock_.ok();
    if (!decided.empty()) {
      begin(decided);
    }
  }
}

void OvsdbSession::say_what_is_left_out(const std::optional<Goal>& goal) {
  std::vector<std::string> left_alone;
  for (const auto& bridge : bridges_) {
    if (bridge.state == BridgeState::foreign && goal && goal->row) {
      left_alone.push_back(bridge.name);
    }
  }
  if (left_alone.empty()) {
    ownership_.ok();
  } else {
    ownership_.failed(Error{fmt::format("left alone on {}", fmt::join(left_alone, ", "))});
  }
  std::vector<std::string> unreachable;
  for (const auto& collector : goal ? goal->left_out : std::vector<Collector>{}) {
    unreachable.push_back(collector.address.to_string());
  }
  if (unreachable.empty()) {
    targets_.ok();
  } else {
    targets_.failed(Error{fmt::format("{} left out: Open vSwitch cannot send from another network namespace "
                                      "or through a given device",
                                      fmt::join(unreachable, ", "))});
  }
}

Snapshot OvsdbSession::snapshot() const {
  Snapshot result;
  const ovsrec_open_vswitch* root = ovsrec_open_vswitch_first(idl_.get());
  if (root != nullptr && root->ovs_version != nullptr) {
    result.ovs_version = root->ovs_version;
  }
  const ovsrec_bridge* bridge = nullptr;
  OVSREC_BRIDGE_FOR_EACH(bridge, idl_.get()) {
    BridgeRow row{.id = row_id(bridge->header_.uuid), .name = bridge->name, .sflow = std::nullopt};
    if (bridge->sflow != nullptr) {
      row.sflow = row_id(bridge->sflow->header_.uuid);
    }
    result.bridges.push_back(std::move(row));
  }
  const ovsrec_sflow* sflow = nullptr;
  OVSREC_SFLOW_FOR_EACH(sflow, idl_.get()) {
    result.sflow_rows.push_back(read_row(*sflow));
  }
  std::ranges::sort(result.bridges, {}, &BridgeRow::name);
  return result;
}

void OvsdbSession::begin(const Plan& plan) {
  begun_ = std::chrono::steady_clock::now();
  txn_.reset(ovsdb_idl_txn_create(idl_.get()));
  const ovsrec_sflow* row = write_row(idl_.get(), txn_.get(), plan);
  std::size_t attached = 0;
  std::size_t detached = 0;
  for (const auto& bridge : plan.bridges) {
    if (bridge.state != BridgeState::attach && bridge.state != BridgeState::detach) {
      continue;
    }
    const bool attach = bridge.state == BridgeState::attach;
    const uuid id = to_uuid(bridge.bridge);
    const ovsrec_bridge* target = ovsrec_bridge_get_for_uuid(idl_.get(), &id);
    ovsrec_bridge_verify_sflow(target);
    ovsrec_bridge_set_sflow(target, attach ? row : nullptr);
    attached += attach ? 1 : 0;
    detached += attach ? 0 : 1;
  }
  const std::string_view row_change = !plan.columns ? "kept" : (plan.row ? "updated" : "inserted");
  const std::string done = detached > 0
                               ? fmt::format("sFlow off: {} bridges detached", detached)
                               : fmt::format("sFlow row {}, {} bridges attached", row_change, attached);
  spdlog::info("{}", done);
  ovsdb_idl_txn_add_comment(txn_.get(), "sflowovsd: %s", done.c_str());
  advance();
}

void OvsdbSession::advance() {
  const auto status = ovsdb_idl_txn_commit(txn_.get());
  switch (status) {
  case TXN_INCOMPLETE:
    return;
  case TXN_SUCCESS:
    ++transactions_;
    last_latency_ =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun_);
    [[fallthrough]];
  case TXN_UNCHANGED: // the replica was behind, and the database already is as it should be
    back_off_ = std::chrono::milliseconds(0);
    committing_.ok();
    break;
  case TXN_TRY_AGAIN:  // somebody changed what the plan was made from: the news is here or on its way
  case TXN_NOT_LOCKED: // the lock went to another instance: getting it back counts as a change
    break;
  case TXN_ERROR: {
    retry_later(Error{ovsdb_idl_txn_get_error(txn_.get())});
    break;
  }
  case TXN_UNCOMMITTED:
  case TXN_ABORTED:
    assert(false && "a transaction that was committed and not aborted");
    break;
  }
  txn_.reset();
}

void OvsdbSession::retry_later(const Error& error) {
  committing_.failed(error);
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
    poll_timer_wait_until(
        std::chrono::duration_cast<std::chrono::milliseconds>(retry_at_.time_since_epoch()).count());
  }
}

OvsdbSession::Status OvsdbSession::status() const {
  return {.remote = remote_,
          .connected = ovsdb_idl_is_connected(idl_.get()),
          .has_lock = ovsdb_idl_has_lock(idl_.get()),
          .row = row_,
          .bridges = bridges_,
          .transactions = transactions_,
          .last_latency = last_latency_,
          .last_failure = committing_.failure_text()};
}

} // namespace sfa
