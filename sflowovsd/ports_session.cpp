#include "sflowovsd/ports_session.hpp"

#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ovsdb_session.hpp"

#include <algorithm>
#include <malloc.h>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// Version 1 of the protocol (`monitor` of RFC 7047), whose updates carry whole rows.
constexpr int kProtocol = 1;
constexpr std::size_t kRowsAtOnce = 500; // about 1 MiB as JSON values

json* compose_monitor_requests(const json* schema, void* port_schema_of_session) {
  auto& known = *static_cast<PortSchema*>(port_schema_of_session);
  known = port_schema(schema);
  return monitor_requests(known);
}

constexpr ovsdb_cs_ops kOperations{.compose_monitor_requests = compose_monitor_requests};

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
  if (!session_.is_connected() || session_.is_passive()) {
    connection_.reset(); // OvsdbSession tries to connect again, and logs that
    request_.reset();
  } else if (may_connect()) {
    malloc_trim(0); // what the transaction of all bridges took; the ports come on top
    connection_.reset(ovsdb_cs_create("Open_vSwitch", kProtocol, &kOperations, &schema_));
    ovsdb_cs_set_remote(connection_.get(), session_.remote().c_str(), true);
  }
  if (!connection_) {
    return;
  }
  ovs_list events;
  ovsdb_cs_run(connection_.get(), &events);
  while (!ovs_list_is_empty(&events)) {
    static_assert(offsetof(ovsdb_cs_event, list_node) == 0);
    auto* event = reinterpret_cast<ovsdb_cs_event*>(ovs_list_pop_front(&events));
    take(*event);
    ovsdb_cs_event_destroy(event);
  }
  if (!request_) {
    read_on();
  }
}

void PortsSession::take(const ovsdb_cs_event& event) {
  switch (event.type) {
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_RECONNECT:
    request_.reset();
    break;
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_UPDATE: {
    if (event.update.clear) {
      tables_ = PortTables();
      version_.reset();
      request_.reset();
      rest_.clear();
      reading_ = Reading::bridges;
    }
    const auto applied = apply_update(event.update.table_updates, event.update.version, tables_);
    if (!applied) {
      state_.failed(applied.error());
    } else if (reading_ == Reading::bridges) {
      reading_ = Reading::ports;
      rest_ = next_rows();
    } else if (version_) {
      version_ = ++updates_;
    }
    break;
  }
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_TXN_REPLY:
    take_selected(*event.txn_reply);
    break;
  case ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_LOCKED: // never asked for
    break;
  }
}

void PortsSession::take_selected(const jsonrpc_msg& reply) {
  if (!request_ || !json_equal(reply.id, request_.get())) {
    return;
  }
  request_.reset();
  if (reply.type == JSONRPC_ERROR) {
    state_.failed(Error{"the server refuses to show them"});
    reading_ = Reading::bridges; // again after the next connection
    rest_.clear();
  } else if (reading_ == Reading::ports) {
    apply_selected(reply.result, requested_, tables_.ports);
  } else {
    apply_selected(reply.result, requested_, tables_.interfaces);
  }
}

// Requests the next rows. Without any, the ports are known.
void PortsSession::read_on() {
  while (rest_.empty() && (reading_ == Reading::ports || reading_ == Reading::interfaces)) {
    reading_ = reading_ == Reading::ports ? Reading::interfaces : Reading::nothing;
    rest_ = next_rows();
    if (reading_ == Reading::nothing) {
      version_ = ++updates_;
      state_.ok();
    }
  }
  if (rest_.empty() || !ovsdb_cs_may_send_transaction(connection_.get())) {
    return;
  }
  const auto first = rest_.end() - static_cast<std::ptrdiff_t>(std::min(rest_.size(), kRowsAtOnce));
  requested_.assign(first, rest_.end());
  rest_.erase(first, rest_.end());
  const bool ports = reading_ == Reading::ports;
  request_.reset(ovsdb_cs_send_transaction(
      connection_.get(),
      select_rows(ports ? "Port" : "Interface", ports ? schema_.port : schema_.interface, requested_)));
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
  } else if (may_connect()) {
    poll_immediate_wake();
  }
}

void PortsSession::drop(const Error& reason) {
  dropped_ = true;
  connection_.reset();
  request_.reset();
  rest_ = {};
  requested_ = {};
  tables_ = PortTables();
  version_.reset();
  state_.failed(reason);
}

} // namespace sfa::sflowovsd
