// Follows the bridges, ports and interfaces of the database over a connection of its own, which exists while
// OvsdbSession has one: whatever this one costs or sends, it does not delay sFlow.
#pragma once

#include "common/handle.hpp"
#include "common/log.hpp"
#include "sflowovsd/port_tables.hpp"

#include <optional>
#include <string>

struct ovsdb_cs;

namespace sfa::sflowovsd {

class OvsdbSession;

class PortsSession {
public:
  // Follows the database of `session`, which must outlive this, if `enabled`.
  PortsSession(const OvsdbSession& session, bool enabled);

  // Never blocks. To be called after each run of `session`.
  void run();
  void wait();

  // A number that changes with the ports; nullopt until they are known. They stay known when the connection
  // is lost.
  [[nodiscard]] std::optional<unsigned> version() const { return version_; }
  [[nodiscard]] const PortTables& tables() const { return tables_; }

  // False if they were dropped, or never wanted.
  [[nodiscard]] bool are_followed() const { return enabled_ && !dropped_; }
  // Closes the connection and forgets the ports, to get their memory back, until follow().
  void drop(const Error& reason);
  void follow() { dropped_ = false; }
  // Why the ports are not followed; empty if they are.
  [[nodiscard]] const std::string& problem() const { return state_.failure_text(); }

private:
  [[nodiscard]] bool may_connect() const;
  void take_updates();

  static void destroy(ovsdb_cs* connection);
  const OvsdbSession& session_;
  bool enabled_;
  bool dropped_ = false;
  Handle<ovsdb_cs, destroy> connection_;
  PortTables tables_;
  std::optional<unsigned> version_;
  unsigned updates_ = 0;
  LoggedState state_{"ports"};
};

} // namespace sfa::sflowovsd
