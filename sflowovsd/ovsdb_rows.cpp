#include "sflowovsd/ovsdb_rows.hpp"

#include "common/handle.hpp"
#include "sflowovsd/ovs_idl.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <fmt/format.h>
#include <random>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// Keys in a bridge's external_ids.
constexpr const char* kSflowKey = "sflow";
constexpr const char* kSflowSamplingKey = "sflow-sampling";

RowId row_id(const uuid& id) {
  return RowId{{id.parts[0], id.parts[1], id.parts[2], id.parts[3]}};
}

uuid to_uuid(const RowId& id) {
  uuid result{};
  std::ranges::copy(id.parts, std::begin(result.parts));
  return result;
}

// The name of a new row within its transaction; the server chooses the final UUID. The library's own
// generator would initialize OpenSSL for a hash, which takes 2 MB.
uuid local_id() {
  uuid id{};
  std::random_device device;
  std::ranges::generate(id.parts, [&] { return device(); });
  return id;
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

BridgeRow read_bridge(const ovsrec_bridge& bridge) {
  BridgeRow result{.id = row_id(bridge.header_.uuid),
                   .name = bridge.name,
                   .sflow = std::nullopt,
                   .sflow_key = smap_get_def(&bridge.external_ids, kSflowKey, ""),
                   .sflow_sampling_key = smap_get_def(&bridge.external_ids, kSflowSamplingKey, "")};
  if (bridge.sflow != nullptr) {
    result.sflow = row_id(bridge.sflow->header_.uuid);
  }
  return result;
}

SflowSchema read_schema(const ovsdb_idl* idl) {
  const auto has = [idl](const ovsdb_idl_column& column) {
    return ovsdb_idl_server_has_column(idl, &column);
  };
  return {.agent = has(ovsrec_sflow_col_agent),
          .sampling = has(ovsrec_sflow_col_sampling),
          .polling = has(ovsrec_sflow_col_polling),
          .header = has(ovsrec_sflow_col_header),
          .external_ids = has(ovsrec_sflow_col_external_ids)};
}

// Those without which there is nothing to attach, nothing to attach it to, or no bridge to select.
Result<void> check_columns(const ovsdb_idl* idl) {
  for (const auto& [table, column] : {std::pair(&ovsrec_table_sflow, &ovsrec_sflow_col_targets),
                                      std::pair(&ovsrec_table_bridge, &ovsrec_bridge_col_name),
                                      std::pair(&ovsrec_table_bridge, &ovsrec_bridge_col_sflow)}) {
    if (!ovsdb_idl_server_has_column(idl, column)) {
      const auto what = ovsdb_idl_server_has_table(idl, table)
                            ? fmt::format("column {} in its table {}", column->name, table->name)
                            : fmt::format("table {}", table->name);
      return failure("the database has no {}; no bridge is changed until the schema is upgraded and "
                     "ovsdb-server is restarted",
                     what);
    }
  }
  return {};
}

// Only columns that differ. A column that the database does not have is absent on both sides.
void write_columns(const ovsrec_sflow* row, const SflowColumns& before, const SflowColumns& columns) {
  const auto write_integer = [row](auto* set, const auto& old, const auto& value) {
    if (value != old) {
      set(row, value ? &*value : nullptr, value ? 1 : 0);
    }
  };
  if (columns.agent != before.agent) {
    ovsrec_sflow_set_agent(row, columns.agent ? columns.agent->c_str() : nullptr);
  }
  write_integer(ovsrec_sflow_set_sampling, before.sampling, columns.sampling);
  write_integer(ovsrec_sflow_set_polling, before.polling, columns.polling);
  write_integer(ovsrec_sflow_set_header, before.header, columns.header);
  if (columns.targets != before.targets) {
    std::vector<const char*> targets;
    std::ranges::transform(columns.targets, std::back_inserter(targets), &std::string::c_str);
    ovsrec_sflow_set_targets(row, const_cast<const char**>(targets.data()), targets.size());
  }
}

// Row ownership is verified: if it has changed at the server, the transaction fails, and sflowovsd plans
// again. Otherwise a row that somebody took over meanwhile would be overwritten or given to more bridges.
const ovsrec_sflow* write_row(ovsdb_idl* idl, ovsdb_idl_txn* txn, const Plan::Row& plan,
                              const SflowSchema& schema) {
  const ovsrec_sflow* row = nullptr;
  SflowColumns before;
  if (plan.id) {
    const uuid id = to_uuid(*plan.id);
    row = ovsrec_sflow_get_for_uuid(idl, &id);
    assert(row != nullptr);
    before = read_row(*row).columns;
    if (schema.external_ids) {
      ovsrec_sflow_verify_external_ids(row);
    }
  } else {
    const uuid id = local_id();
    ovsdb_idl_txn_insert(txn, &ovsrec_table_sflow, &id);
    row = ovsrec_sflow_get_for_uuid(idl, &id);
  }
  if (plan.held) {
    return row;
  }
  if (plan.write) {
    write_columns(row, before, plan.columns);
  }
  if (plan.mark) {
    ovsrec_sflow_update_external_ids_setkey(row, kOwnerKey, kOwner);
  }
  return row;
}

// Those that are written, or that a bridge gets. Others are not verified: whatever happens to them must not
// fail this transaction.
std::vector<bool> needed_rows(const Plan& plan) {
  std::vector<bool> needed;
  for (const auto& row : plan.rows) {
    needed.push_back(row.differs() && !row.held);
  }
  for (const auto& bridge : plan.bridges) {
    if (bridge.state == BridgeState::attaching && !bridge.held) {
      needed[bridge.row] = true;
    }
  }
  return needed;
}

} // namespace

void choose_columns(ovsdb_idl* idl) {
  for (const auto* column :
       {&ovsrec_open_vswitch_col_ovs_version, &ovsrec_bridge_col_name, &ovsrec_bridge_col_sflow,
        &ovsrec_bridge_col_external_ids, &ovsrec_sflow_col_agent, &ovsrec_sflow_col_sampling,
        &ovsrec_sflow_col_polling, &ovsrec_sflow_col_header, &ovsrec_sflow_col_targets,
        &ovsrec_sflow_col_external_ids}) {
    ovsdb_idl_add_column(idl, column);
  }
}

Result<Snapshot> read_snapshot(const ovsdb_idl* idl) {
  if (auto required = check_columns(idl); !required) {
    return error_of(required);
  }
  Snapshot result;
  result.schema = read_schema(idl);
  const ovsrec_open_vswitch* root = ovsrec_open_vswitch_first(idl);
  if (root != nullptr && root->ovs_version != nullptr) {
    result.ovs_version = root->ovs_version;
  }
  const ovsrec_bridge* bridge = nullptr;
  OVSREC_BRIDGE_FOR_EACH(bridge, idl) {
    result.bridges.push_back(read_bridge(*bridge));
  }
  const ovsrec_sflow* sflow = nullptr;
  OVSREC_SFLOW_FOR_EACH(sflow, idl) {
    result.sflow_rows.push_back(read_row(*sflow));
  }
  std::ranges::sort(result.bridges, {}, &BridgeRow::name);
  return result;
}

void write_plan(ovsdb_idl* idl, ovsdb_idl_txn* txn, const Plan& plan) {
  const SflowSchema schema = read_schema(idl);
  std::vector<const ovsrec_sflow*> rows;
  const auto needed = needed_rows(plan);
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    rows.push_back(needed[i] ? write_row(idl, txn, plan.rows[i], schema) : nullptr);
  }
  for (const auto& bridge : plan.bridges) {
    if (!bridge.differs() || bridge.held) {
      continue;
    }
    const uuid id = to_uuid(bridge.id);
    const ovsrec_bridge* target = ovsrec_bridge_get_for_uuid(idl, &id);
    assert(target != nullptr);
    if (target->sflow == nullptr) {
      // The server refuses this if the set is no longer empty. It needs much less memory than verifying that.
      ovsrec_bridge_update_sflow_addvalue(target, rows[bridge.row]);
      continue;
    }
    ovsrec_bridge_verify_sflow(target);
    if (schema.external_ids) {
      ovsrec_sflow_verify_external_ids(target->sflow); // still not another owner's
    }
    ovsrec_bridge_set_sflow(target, bridge.state == BridgeState::attaching ? rows[bridge.row] : nullptr);
  }
}

} // namespace sfa::sflowovsd
