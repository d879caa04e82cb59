// Reads rows of the database (RFC 7047) into PortTables.
#pragma once

#include "common/result.hpp"
#include "sflowovsd/port_tables.hpp"

#include <span>
#include <string>
#include <vector>

struct json;

namespace sfa::sflowovsd {

// The columns that the database has, of those that the tables are read from. A table that it does not have
// has none.
struct PortSchema {
  std::vector<std::string> bridge;
  std::vector<std::string> port;
  std::vector<std::string> interface;
  // The others, each "Table:column". Without a required one, no port or bridge would be known.
  std::vector<std::string> missing_required;
  std::vector<std::string> missing_optional;
};
[[nodiscard]] PortSchema port_schema(const json* schema);

// The <monitor-requests>: all rows of bridges, but only the changes of ports and interfaces. The caller owns
// the result, as that of select_rows().
[[nodiscard]] json* monitor_requests(const PortSchema& schema);

struct PortChanges {
  bool any = false; // of what the tables keep
  // Rows that have changed, but of which the update has only differences: they are to be selected.
  std::vector<RowId> ports;
  std::vector<RowId> interfaces;
};
// A row without a valid name is removed. Other invalid columns are absent. An error if this is no update.
// `version` 1 is `update` of RFC 7047, 2 is `update2` of ovsdb-server(7).
[[nodiscard]] Result<PortChanges> apply_update(const json* table_updates, int version, PortTables& tables);

// A transaction that selects these rows of the table `Port` or `Interface`.
[[nodiscard]] json* select_rows(const char* table, const std::vector<std::string>& columns,
                                std::span<const RowId> ids);
// Its result: true if that changes anything. A row that does not exist is left out. An error if one of the
// operations failed.
[[nodiscard]] Result<bool> apply_selected(const json* result, std::span<const RowId> ids,
                                          std::map<RowId, PortTables::Port>& ports);
[[nodiscard]] Result<bool> apply_selected(const json* result, std::span<const RowId> ids,
                                          std::map<RowId, OvsPort>& interfaces);

} // namespace sfa::sflowovsd
