// Between the replica of the database and values: the only place that reads and writes its rows.
#pragma once

#include "common/result.hpp"
#include "sflowovsd/plan.hpp"
#include "sflowovsd/snapshot.hpp"

struct ovsdb_idl;
struct ovsdb_idl_txn;

namespace sfa::sflowovsd {

// The tables and columns that are replicated: no others are transferred or kept. Before the first run of
// `idl`.
void choose_columns(ovsdb_idl* idl);

// What the replica holds, the bridges by name. An error: the database lacks what sFlow cannot do without.
[[nodiscard]] Result<Snapshot> read_snapshot(const ovsdb_idl* idl);

// Puts the changes into `txn`. The plan must have been made from the replica as it is now.
void write_plan(ovsdb_idl* idl, ovsdb_idl_txn* txn, const Plan& plan);

} // namespace sfa::sflowovsd
