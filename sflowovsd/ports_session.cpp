#include "sflowovsd/ports_session.hpp"

#include "sflowovsd/ovs_idl.hpp"
#include "sflowovsd/ovsdb_session.hpp"
#include "sflowovsd/port_columns.hpp"

#include <malloc.h>

namespace sfa::sflowovsd {

namespace {

// Version 1 of the protocol (`monitor` of RFC 7047), whose updates carry whole rows.
constexpr int kProtocol = 1;

constexpr ovsdb_cs_ops kOperations{
    .compose_monitor_requests = [](const json* schema, void*) { return compose_port_monitor(schema); }};

} // namespace

void PortsSession::destroy(ovsdb_cs* connection) {
  ovsdb_cs_destroy(connection);
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
  } else if (may_connect()) {
    malloc_trim(0); // what the transaction of all bridges took; the first update of ports comes on top
    connection_.reset(ovsdb_cs_create("Open_vSwitch", kProtocol, &kOperations, nullptr));
    ovsdb_cs_set_remote(connection_.get(), session_.remote().c_str(), true);
  }
  if (connection_) {
    take_updates();
  }
}

void PortsSession::take_updates() {
  ovs_list events;
  ovsdb_cs_run(connection_.get(), &events);
  while (!ovs_list_is_empty(&events)) {
    // The list is the first member of an event.
    auto* event = reinterpret_cast<ovsdb_cs_event*>(ovs_list_pop_front(&events));
    static_assert(offsetof(ovsdb_cs_event, list_node) == 0);
    if (event->type == ovsdb_cs_event::OVSDB_CS_EVENT_TYPE_UPDATE) {
      if (event->update.clear) {
        tables_ = PortTables();
      }
      const auto applied = apply_port_update(event->update.table_updates, event->update.version, tables_);
      if (applied) {
        state_.ok();
      } else {
        state_.failed(applied.error());
      }
      version_ = ++updates_;
    }
    ovsdb_cs_event_destroy(event);
  }
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
  tables_ = PortTables();
  version_.reset();
  state_.failed(reason);
}

} // namespace sfa::sflowovsd
