// Applies an update of the database (RFC 7047, 4.1.6) to PortTables.
#pragma once

#include "common/result.hpp"
#include "sflowovsd/port_tables.hpp"

struct json;

namespace sfa::sflowovsd {

// The <monitor-requests> for the columns that exist in `schema`. The caller owns it.
[[nodiscard]] json* compose_port_monitor(const json* schema);

// A row without a valid name is removed. Other invalid columns are absent. An error if this is no update.
[[nodiscard]] Result<void> apply_port_update(const json* table_updates, int version, PortTables& tables);

} // namespace sfa::sflowovsd
