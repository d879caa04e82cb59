#include "sflowovsd/ports_session.hpp"

#include "common/text.hpp"
#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ovsdb_session.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <malloc.h>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// `monitor_cond`. Of one added port, `monitor` would send all ports of its bridge, twice. The library falls
// back to that if the server is older than Open vSwitch 2.6.
constexpr int kProtocol = 2;
constexpr std::size_t kRowsAtOnce = 500; // about 1 MiB as JSON values
constexpr std::chrono::seconds kMostSilence{10};
constexpr std::chrono::seconds kLongLife{30}; // after so long without a failure, the next retry is soon

json* compose_monitor_requests(const json* schema, void* port_schema_of_session) {
  auto& known = *static_cast<PortSchema*>(port_schema_of_session);
  known = port_schema(schema);
  return monitor_requests(known);
}

constexpr ovsdb_cs_ops kOperations{.compose_monitor_requests = compose_monitor_requests};

void wake_at(MonotonicTime at) {
  poll_timer_wait_until(std::chrono::ceil<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

} // namespace

void PortsSession::destroy(ovsdb_cs* connection) {
  ovsdb_cs_destroy(connection);
}

void PortsSession::destroy_json(json* value) {
  json_destroy(value);
}

PortsSession::PortsSession(const OvsdbSession& session, bool enabled)
    : session_(session), enabled_(enabled) {}

// Bridges first: those of a large host have their sFlow before its ports are transferred. While another
// sflowovsd is the active one, it publishes them, perhaps in the same file.
bool PortsSession::may_connect() const {
  return are_followed() && !connection_ && session_.is_connected() && session_.is_idle() &&
         !session_.is_passive();
}

void PortsSession::run() {
  const auto now = std::chrono::steady_clock::now();
  if (session_.is_passive()) {
    close();
    forget();
  } else if (!session_.is_connected()) {
    close(); // OvsdbSession tries to connect again, and logs that
  } else if (may_connect() && (!retry_.at() || retry_.is_due(now))) {
    connect(now);
  }
  if (connection_) {
    if (const auto taken = take_events(now); !taken) {
      fail(taken.error(), now);
    } else {
      check_connection(now);
    }
  }
  if (connection_ && !request_) {
    read_on(now);
  }
  library_log_.set_quiet(connection_ && !state_.failure_text().empty());
  if (version_ && std::exchange(has_changes_, false)) {
    version_ = ++updates_;
  }
}

void PortsSession::connect(Time now) {
  malloc_trim(0); // what the transaction of all bridges took; the ports come on top
  connection_.reset(ovsdb_cs_create("Open_vSwitch", kProtocol, &kOperations, &schema_));
  ovsdb_cs_set_remote(connection_.get(), session_.remote().c_str(), true);
  library_log_.set_quiet(!state_.failure_text().empty()); // a retry, which may be one of many
  progress_at_ = now;
  retry_.cancel();
}

void PortsSession::close() {
  connection_.reset();
  used_ = Connection();
  readings_ = 0;
  start_over_reading();
}

void PortsSession::forget() {
  tables_ = PortTables();
  version_.reset();
}

void PortsSession::start_over_reading() {
  reading_ = Reading::bridges;
  request_.reset();
  requested_ = {};
  rest_ = {};
  changed_ports_ = {};
  changed_interfaces_ = {};
  complete_at_.reset();
}

void PortsSession::fail(const Error& error, Time now) {
  state_.failed(error);
  if (complete_at_ && now >= *complete_at_ + kLongLife) {
    retry_.start_over();
  }
  close();
  retry_.schedule(now);
}

Result<void> PortsSession::take_events(Time now) {
  Result<void> taken;
  ovs_list events{};
  ovsdb_cs_run(connection_.get(), &events);
  while (!ovs_list_is_empty(&events)) {
    static_assert(offsetof(ovsdb_cs_event, list_node) == 0);
    auto* event = reinterpret_cast<ovsdb_cs_event*>(ovs_list_pop_front(&events));
    if (taken) {
      taken = take(*event);
    }
    ovsdb_cs_event_destroy(event);
    progress_at_ = now;
  }
  return taken;
}

Result<void> PortsSession::take(const ovsdb_cs_event& event) {
  switch (event.type) {
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_RECONNECT:
    start_over_reading();
    break;
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_UPDATE: {
    if (auto checked = check_columns(); !checked) { // first: the known ports stay
      return checked;
    }
    if (event.update.clear) {
      forget();
      start_over_reading();
    }
    const auto changes = apply_update(event.update.table_updates, event.update.version, tables_);
    if (!changes) {
      return error_of(changes);
    }
    has_changes_ = has_changes_ || changes->any;
    changed_ports_.insert(changed_ports_.end(), changes->ports.begin(), changes->ports.end());
    changed_interfaces_.insert(changed_interfaces_.end(), changes->interfaces.begin(),
                               changes->interfaces.end());
    if (reading_ == Reading::bridges) {
      reading_ = Reading::ports;
      rest_ = next_rows();
    }
    break;
  }
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_TXN_REPLY:
    return take_selected(*event.txn_reply);
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_LOCKED: // never asked for
    break;
  }
  return {};
}

// Of the schema that the server sent before the first update.
Result<void> PortsSession::check_columns() {
  if (!schema_.missing_required.empty()) {
    return failure("the database lacks {}; the ports file is not updated until the schema is upgraded",
                   join_some(schema_.missing_required));
  }
  if (schema_.missing_optional.empty()) {
    columns_.ok();
  } else {
    columns_.failed(Error{fmt::format("the database lacks {}; the ports file goes without",
                                      join_some(schema_.missing_optional))});
  }
  return {};
}

Result<void> PortsSession::take_selected(const jsonrpc_msg& reply) {
  if (!request_ || !json_equal(reply.id, request_.get())) {
    return {};
  }
  request_.reset();
  const json* result = reply.type == JSONRPC_REPLY ? reply.result : nullptr;
  const auto changed = reading_ == Reading::ports ? apply_selected(result, requested_, tables_.ports)
                                                  : apply_selected(result, requested_, tables_.interfaces);
  if (!changed) {
    return error_of(changed);
  }
  has_changes_ = has_changes_ || *changed;
  return {};
}

// The library connects again by itself. A server that has no place for a second client would be no more than
// an old file.
void PortsSession::check_connection(Time now) {
  const bool was_used = used_.is_connected() && used_.has_data();
  used_.update(ovsdb_cs_is_connected(connection_.get()), readings_);
  const auto servers = static_cast<unsigned>(1 + std::ranges::count(session_.remote(), ','));
  const bool is_closed_again = was_used && !used_.is_connected() && !closed_.admits(now);
  if (is_closed_again || used_.closed_without_data() > servers) { // as in OvsdbSession
    state_.failed(Error{fmt::format("{}: the connection of the ports is closed again and again; trying again",
                                    session_.remote())});
  }
  if (is_waiting() && now >= progress_at_ + kMostSilence) {
    fail(Error{fmt::format("no data from the server for {} s; trying again", kMostSilence.count())}, now);
  }
}

bool PortsSession::is_waiting() const {
  return used_.is_connected() && reading_ != Reading::nothing;
}

// Requests the next rows.
void PortsSession::read_on(Time now) {
  choose_rows(now);
  if (rest_.empty() || !ovsdb_cs_may_send_transaction(connection_.get())) {
    return;
  }
  const auto first = rest_.end() - static_cast<std::ptrdiff_t>(std::min(rest_.size(), kRowsAtOnce));
  requested_.assign(first, rest_.end());
  const bool ports = reading_ == Reading::ports;
  request_.reset(ovsdb_cs_send_transaction(
      connection_.get(),
      select_rows(ports ? "Port" : "Interface", ports ? schema_.port : schema_.interface, requested_)));
  if (request_) { // nullptr if the connection was lost
    rest_.erase(first, rest_.end());
    progress_at_ = now;
  }
}

// Goes from table to table until there are rows to select. Without any, the ports are known.
void PortsSession::choose_rows(Time now) {
  while (rest_.empty()) {
    switch (reading_) {
    case Reading::bridges: // the first update has not arrived
      return;
    case Reading::ports:
      reading_ = Reading::interfaces;
      rest_ = next_rows();
      break;
    case Reading::interfaces:
      reading_ = Reading::nothing;
      if (!complete_at_) {
        complete_at_ = now;
        has_changes_ = false;
        version_ = ++updates_;
        ++readings_;
        state_.ok();
      }
      break;
    case Reading::nothing:
      if (changed_ports_.empty() && changed_interfaces_.empty()) {
        return;
      }
      reading_ = changed_ports_.empty() ? Reading::interfaces : Reading::ports;
      rest_ = std::exchange(changed_ports_.empty() ? changed_interfaces_ : changed_ports_, {});
      break;
    }
  }
}

// Those that are referred to and have not come with an update.
std::vector<RowId> PortsSession::next_rows() const {
  std::vector<RowId> rows;
  const auto add_missing = [&rows](const std::vector<RowId>& ids, const auto& known) {
    std::ranges::copy_if(ids, std::back_inserter(rows),
                         [&known](const RowId& id) { return !known.contains(id); });
  };
  if (reading_ == Reading::ports && !schema_.port.empty()) {
    for (const auto& [id, bridge] : tables_.bridges) {
      add_missing(bridge.ports, tables_.ports);
    }
  } else if (reading_ == Reading::interfaces && !schema_.interface.empty()) {
    for (const auto& [id, port] : tables_.ports) {
      add_missing(port.interfaces, tables_.interfaces);
    }
  }
  return rows;
}

void PortsSession::wait() {
  if (connection_) {
    ovsdb_cs_wait(connection_.get());
    if (is_waiting()) {
      wake_at(progress_at_ + kMostSilence);
    }
  } else if (may_connect()) {
    wake_at(retry_.at().value_or(MonotonicTime()));
  }
}

void PortsSession::drop(const Error& reason) {
  dropped_ = true;
  close();
  forget();
  state_.failed(reason);
}

void PortsSession::follow() {
  dropped_ = false;
  retry_.start_over();
}

std::string PortsSession::problem() const {
  if (!enabled_) {
    return is_local_database(session_.remote()) ? ""
                                                : "not a local database; --ports-file names a file for it";
  }
  return session_.is_passive() ? "another sflowovsd is the active one" : state_.failure_text();
}

} // namespace sfa::sflowovsd
