// Follows the bridges, ports and interfaces of the database over a connection of its own, which exists while
// OvsdbSession has one: whatever this one costs or sends, it does not delay sFlow.
//
// Existing ports and interfaces are read in parts, because a message is a tree of JSON values, many times as
// large as what is kept of it. Changes come as updates from the beginning on. An update of an existing row
// has only the differences. Those of a bridge are applied; a port or interface is selected again.
#pragma once

#include "common/handle.hpp"
#include "common/line_limit.hpp"
#include "common/log.hpp"
#include "sflowovsd/connection.hpp"
#include "sflowovsd/port_columns.hpp"
#include "sflowovsd/retry.hpp"
#include "sflowovsd/vlog_sink.hpp"

#include <optional>
#include <string>
#include <vector>

struct json;
struct jsonrpc_msg;
struct ovsdb_cs;
struct ovsdb_cs_event;

namespace sfa::sflowovsd {

class OvsdbSession;

class PortsSession {
public:
  // Follows the database of `session`, which must outlive this, if `enabled`.
  PortsSession(const OvsdbSession& session, bool enabled);

  // Never blocks. To be called after each run of `session`.
  void run();
  void wait();

  // A number that changes with the ports; nullopt until all are known, and while another sflowovsd is the
  // active one. They stay known when the connection is lost, until they are read again.
  [[nodiscard]] std::optional<unsigned> version() const { return version_; }
  [[nodiscard]] const PortTables& tables() const { return tables_; }

  // False if they were dropped, or never wanted.
  [[nodiscard]] bool are_followed() const { return enabled_ && !dropped_; }
  // Closes the connection and forgets the ports, to get their memory back, until follow().
  void drop(const Error& reason);
  // Does not wait for a retry either.
  void follow();
  // Why the ports are not followed; empty if they are.
  [[nodiscard]] std::string problem() const;

private:
  using Time = Retry::Time;
  // What is being read, in this order.
  enum class Reading {
    bridges,
    ports,
    interfaces,
    nothing,
  };

  [[nodiscard]] bool may_connect() const;
  void connect(Time now);
  void close();
  void forget();
  void start_over_reading();
  void fail(const Error& error, Time now);

  [[nodiscard]] Result<void> take_events(Time now);
  [[nodiscard]] Result<void> take(const ovsdb_cs_event& event);
  [[nodiscard]] Result<void> check_columns();
  [[nodiscard]] Result<void> take_selected(const jsonrpc_msg& reply);
  void check_connection(Time now);
  [[nodiscard]] bool is_waiting() const;
  void read_on(Time now);
  void choose_rows(Time now);
  [[nodiscard]] std::vector<RowId> next_rows() const;

  static void destroy(ovsdb_cs* connection);
  static void destroy_json(json* value);
  const OvsdbSession& session_;
  bool enabled_;
  bool dropped_ = false;
  PortSchema schema_;
  Handle<ovsdb_cs, destroy> connection_;
  PortTables tables_;
  std::optional<unsigned> version_;
  unsigned updates_ = 0;
  bool has_changes_ = false; // since `version_`

  Reading reading_ = Reading::bridges;
  Handle<json, destroy_json> request_; // the pending one
  std::vector<RowId> requested_;       // its rows
  std::vector<RowId> rest_;            // those that come after it
  std::vector<RowId> changed_ports_;   // to be selected again
  std::vector<RowId> changed_interfaces_;

  Connection used_;       // for reading all ports
  unsigned readings_ = 0; // since connect()
  Time progress_at_;
  std::optional<Time> complete_at_; // since then all ports are known, by this connection
  LineLimit closed_{2, std::chrono::seconds(30)};
  Retry retry_;
  LoggedState state_{"ports"};
  LoggedState columns_{"port columns"};
  LibraryLog library_log_{{"jsonrpc", "ovsdb_cs", "reconnect"}};
};

} // namespace sfa::sflowovsd
