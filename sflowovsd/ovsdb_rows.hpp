// Converts rows of the database's replica to values, and a plan to a transaction.
#pragma once

#include "common/result.hpp"
#include "sflowovsd/plan.hpp"
#include "sflowovsd/snapshot.hpp"

struct ovsdb_idl;
struct ovsdb_idl_txn;

namespace sfa::sflowovsd {

// Selects the tables and columns to replicate. To be called before the first run of `idl`.
void choose_columns(ovsdb_idl* idl);

// The content of the replica, with the bridges sorted by name. Fails if the database lacks a required column.
[[nodiscard]] Result<Snapshot> read_snapshot(const ovsdb_idl* idl);

// Adds the changes to `txn`. The plan must be based on the present content of the replica.
void write_plan(ovsdb_idl* idl, ovsdb_idl_txn* txn, const Plan& plan);

} // namespace sfa::sflowovsd
