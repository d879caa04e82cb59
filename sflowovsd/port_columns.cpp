#include "sflowovsd/port_columns.hpp"

#include "common/handle.hpp"
#include "sflowovsd/ovs_idl.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <utility>

namespace sfa::sflowovsd {

namespace {

constexpr const char* kBridge = "Bridge";
constexpr const char* kPort = "Port";
constexpr const char* kInterface = "Interface";

RowId reference(const uuid& id) {
  return {{id.parts[0], id.parts[1], id.parts[2], id.parts[3]}};
}

// A column of a row in an update, checked against its type. Empty if it is absent or wrong.
class Column {
public:
  Column(const shash* row, const ovsdb_idl_column& column) : type_(column.type) {
    const auto* value = static_cast<const json*>(shash_find_data(row, column.name));
    if (value == nullptr) {
      return;
    }
    if (struct ovsdb_error* error = ovsdb_datum_from_json(&datum_, &type_, value, nullptr);
        error != nullptr) {
      ovsdb_error_destroy(error);
    } else {
      is_valid_ = true;
    }
  }
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;
  Column(Column&&) = delete;
  Column& operator=(Column&&) = delete;
  ~Column() {
    if (is_valid_) {
      ovsdb_datum_destroy(&datum_, &type_);
    }
  }

  [[nodiscard]] std::size_t size() const { return is_valid_ ? datum_.n : 0; }
  [[nodiscard]] std::string_view key(std::size_t i) const { return json_string(datum_.keys[i].s); }
  [[nodiscard]] std::string_view value(std::size_t i) const { return json_string(datum_.values[i].s); }
  // The first, of those that hold one at most.
  [[nodiscard]] std::string text() const { return size() > 0 ? std::string(key(0)) : std::string(); }
  [[nodiscard]] std::optional<std::int64_t> integer() const {
    return size() > 0 ? std::optional(datum_.keys[0].integer) : std::nullopt;
  }
  // Sorted.
  [[nodiscard]] std::vector<RowId> references() const {
    std::vector<RowId> result;
    result.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) {
      result.push_back(reference(datum_.keys[i].uuid));
    }
    std::ranges::sort(result);
    return result;
  }

private:
  const ovsdb_type& type_;
  ovsdb_datum datum_{};
  bool is_valid_ = false;
};

std::optional<std::uint32_t> checked(const Column& column,
                                     std::optional<std::uint32_t> (*check)(std::int64_t)) {
  const auto value = column.integer();
  return value ? check(*value) : std::nullopt;
}

void read_row(const shash* row, PortTables::Bridge& bridge) {
  bridge.name = Column(row, ovsrec_bridge_col_name).text();
  bridge.ports = Column(row, ovsrec_bridge_col_ports).references();
}

void read_row(const shash* row, PortTables::Port& port) {
  port.name = Column(row, ovsrec_port_col_name).text();
  port.tag = checked(Column(row, ovsrec_port_col_tag), valid_tag);
  port.interfaces = Column(row, ovsrec_port_col_interfaces).references();
}

void read_row(const shash* row, OvsPort& interface) {
  interface.name = Column(row, ovsrec_interface_col_name).text();
  interface.type = Column(row, ovsrec_interface_col_type).text();
  interface.ofport = checked(Column(row, ovsrec_interface_col_ofport), valid_ofport);
  interface.ifindex = checked(Column(row, ovsrec_interface_col_ifindex), valid_ifindex);
  interface.mac = parse_mac(Column(row, ovsrec_interface_col_mac_in_use).text());
  const Column external_ids(row, ovsrec_interface_col_external_ids);
  ExternalIds ids;
  for (std::size_t i = 0; i < external_ids.size(); ++i) {
    ids.emplace(external_ids.key(i), external_ids.value(i));
  }
  interface.guest = guest_of(ids, interface.name);
}

// A row without a name is removed. True if that changes anything.
template <class Row>
bool replace_row(std::map<RowId, Row>& rows, const RowId& id, Row row) {
  if (row.name.empty()) {
    return rows.erase(id) > 0;
  }
  const auto [known, is_new] = rows.try_emplace(id);
  if (!is_new && known->second == row) {
    return false;
  }
  known->second = std::move(row);
  return true;
}

// A difference of two sets is what only one of them has (ovsdb-server(7), `update2`).
bool apply_difference(const RowId& id, const shash* columns, PortTables& tables) {
  const auto bridge = tables.bridges.find(id);
  const auto changed = Column(columns, ovsrec_bridge_col_ports).references();
  if (bridge == tables.bridges.end() || changed.empty()) {
    return false;
  }
  std::vector<RowId> ports;
  std::ranges::set_symmetric_difference(bridge->second.ports, changed, std::back_inserter(ports));
  bridge->second.ports = std::move(ports);
  return true;
}

// `apply_xor` gets the rows of which the update has only differences. Returns true if anything changed.
template <class Row, class ApplyXor>
bool apply(const ovsdb_cs_table_update* changes, std::map<RowId, Row>& rows, ApplyXor apply_xor) {
  bool changed = false;
  for (std::size_t i = 0; changes != nullptr && i < changes->n; ++i) {
    const auto& change = changes->row_updates[i];
    const RowId id = reference(change.row_uuid);
    if (change.type == OVSDB_CS_ROW_XOR) {
      changed = apply_xor(id, change.columns) || changed;
      continue;
    }
    Row row{};
    if (change.type != OVSDB_CS_ROW_DELETE) {
      read_row(change.columns, row);
    }
    changed = replace_row(rows, id, std::move(row)) || changed;
  }
  return changed;
}

// nullptr if this is no array, or too short.
const json* json_at(const json* array, std::size_t i) {
  return array != nullptr && array->type == JSON_ARRAY && i < json_array(array)->n
             ? json_array(array)->elems[i]
             : nullptr;
}

// The `rows` in the result of one `select` (RFC 7047, section 5.2.2); nullptr if it failed.
const json* selected_rows(const json* operation) {
  if (operation == nullptr || operation->type != JSON_OBJECT) {
    return nullptr;
  }
  const auto* rows = static_cast<const json*>(shash_find_data(json_object(operation), "rows"));
  return rows != nullptr && rows->type == JSON_ARRAY ? rows : nullptr;
}

template <class Row>
Result<bool> apply_selected_rows(const json* result, std::span<const RowId> ids, std::map<RowId, Row>& rows) {
  const auto is_complete = [&] {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (selected_rows(json_at(result, i)) == nullptr) {
        return false;
      }
    }
    return json_at(result, ids.size()) == nullptr; // one more is the error of the transaction as a whole
  };
  if (!is_complete()) {
    return failure("the server did not return the selected rows; reading them again");
  }
  bool changed = false;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (const json* found = json_at(selected_rows(json_at(result, i)), 0);
        found != nullptr && found->type == JSON_OBJECT) {
      Row row{};
      read_row(json_object(found), row);
      changed = replace_row(rows, ids[i], std::move(row)) || changed;
    }
  }
  return changed;
}

json* names_array(const std::vector<std::string>& names) {
  json* array = json_array_create_empty();
  for (const auto& name : names) {
    json_array_add(array, json_string_create(name.c_str()));
  }
  return array;
}

void destroy_schema(shash* schema) {
  ovsdb_cs_free_schema(schema);
}

void destroy_update(ovsdb_cs_db_update* update) {
  ovsdb_cs_db_update_destroy(update);
}

} // namespace

PortSchema port_schema(const json* schema) {
  const Handle<shash, destroy_schema> tables(ovsdb_cs_parse_schema(schema));
  using Columns = std::initializer_list<const ovsdb_idl_column*>;
  const auto add = [&tables](const char* table, Columns columns, std::vector<std::string>& existing,
                             std::vector<std::string>& missing) {
    const auto* names = tables ? static_cast<const sset*>(shash_find_data(tables.get(), table)) : nullptr;
    for (const auto* column : columns) {
      if (names != nullptr && sset_contains(names, column->name)) {
        existing.emplace_back(column->name);
      } else {
        missing.push_back(fmt::format("{}:{}", table, column->name));
      }
    }
  };
  PortSchema result;
  auto& required = result.missing_required;
  auto& optional = result.missing_optional;
  add(kBridge, {&ovsrec_bridge_col_name, &ovsrec_bridge_col_ports}, result.bridge, required);
  add(kPort, {&ovsrec_port_col_name, &ovsrec_port_col_interfaces}, result.port, required);
  add(kPort, {&ovsrec_port_col_tag}, result.port, optional);
  add(kInterface, {&ovsrec_interface_col_name}, result.interface, required);
  add(kInterface,
      {&ovsrec_interface_col_type, &ovsrec_interface_col_ofport, &ovsrec_interface_col_ifindex,
       &ovsrec_interface_col_mac_in_use, &ovsrec_interface_col_external_ids},
      result.interface, optional);
  return result;
}

json* monitor_requests(const PortSchema& schema) {
  json* requests = json_object_create();
  const auto add = [requests](const char* table, const std::vector<std::string>& columns, bool initial) {
    if (columns.empty()) {
      return;
    }
    json* select = json_object_create();
    json_object_put(select, "initial", json_boolean_create(initial));
    json* request = json_object_create();
    json_object_put(request, "columns", names_array(columns));
    json_object_put(request, "select", select);
    json_object_put(requests, table, json_array_create_1(request));
  };
  add(kBridge, schema.bridge, true);
  add(kPort, schema.port, false);
  add(kInterface, schema.interface, false);
  return requests;
}

Result<PortChanges> apply_update(const json* table_updates, int version, PortTables& tables) {
  ovsdb_cs_db_update* parsed = nullptr;
  if (struct ovsdb_error* error = ovsdb_cs_parse_db_update(table_updates, version, &parsed);
      error != nullptr) {
    ovsdb_error_destroy(error);
    return failure("the server sent what is no update of a database; reading them again");
  }
  const Handle<ovsdb_cs_db_update, destroy_update> update(parsed);
  PortChanges changes;
  const auto collect = [](std::vector<RowId>& ids) {
    return [&ids](const RowId& id, const shash*) {
      ids.push_back(id);
      return false;
    };
  };
  const auto toggle = [&tables](const RowId& id, const shash* columns) {
    return apply_difference(id, columns, tables);
  };
  const std::array changed{
      apply(ovsdb_cs_db_update_find_table(update.get(), kBridge), tables.bridges, toggle),
      apply(ovsdb_cs_db_update_find_table(update.get(), kPort), tables.ports, collect(changes.ports)),
      apply(ovsdb_cs_db_update_find_table(update.get(), kInterface), tables.interfaces,
            collect(changes.interfaces))};
  changes.any = std::ranges::find(changed, true) != changed.end();
  return changes;
}

json* select_rows(const char* table, const std::vector<std::string>& columns, std::span<const RowId> ids) {
  json* operations = json_array_create_1(json_string_create("Open_vSwitch"));
  for (const auto& id : ids) {
    json* uuid = json_array_create_2(json_string_create("uuid"), json_string_create(id.to_string().c_str()));
    json* clause = json_array_create_3(json_string_create("_uuid"), json_string_create("=="), uuid);
    json* operation = json_object_create();
    json_object_put_string(operation, "op", "select");
    json_object_put_string(operation, "table", table);
    json_object_put(operation, "where", json_array_create_1(clause));
    json_object_put(operation, "columns", names_array(columns));
    json_array_add(operations, operation);
  }
  return operations;
}

Result<bool> apply_selected(const json* result, std::span<const RowId> ids,
                            std::map<RowId, PortTables::Port>& ports) {
  return apply_selected_rows(result, ids, ports);
}

Result<bool> apply_selected(const json* result, std::span<const RowId> ids,
                            std::map<RowId, OvsPort>& interfaces) {
  return apply_selected_rows(result, ids, interfaces);
}

} // namespace sfa::sflowovsd
