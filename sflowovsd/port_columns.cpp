#include "sflowovsd/port_columns.hpp"

#include "common/handle.hpp"
#include "sflowovsd/ovs_idl.hpp"

#include <optional>
#include <utility>

namespace sfa::sflowovsd {

namespace {

constexpr const char* kBridge = "Bridge";
constexpr const char* kPort = "Port";
constexpr const char* kInterface = "Interface";

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
  [[nodiscard]] std::vector<RowId> references() const {
    std::vector<RowId> result;
    result.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) {
      const auto& parts = datum_.keys[i].uuid.parts;
      result.push_back(RowId{{parts[0], parts[1], parts[2], parts[3]}});
    }
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

// Also `update`s carry all columns of the row, because only version 1 of the protocol is used.
template <class Row>
void apply(const ovsdb_cs_db_update* update, const char* table, std::map<RowId, Row>& rows) {
  const auto* changes = ovsdb_cs_db_update_find_table(update, table);
  for (std::size_t i = 0; changes != nullptr && i < changes->n; ++i) {
    const auto& change = changes->row_updates[i];
    const auto& parts = change.row_uuid.parts;
    const RowId id{{parts[0], parts[1], parts[2], parts[3]}};
    Row row{};
    if (change.type == OVSDB_CS_ROW_INSERT || change.type == OVSDB_CS_ROW_UPDATE) {
      read_row(change.columns, row);
    }
    if (row.name.empty()) {
      rows.erase(id);
    } else {
      rows.insert_or_assign(id, std::move(row));
    }
  }
}

// nullptr if this is no array, or too short.
const json* json_at(const json* array, std::size_t i) {
  return array != nullptr && array->type == JSON_ARRAY && i < json_array(array)->n
             ? json_array(array)->elems[i]
             : nullptr;
}

// The row in the result of one `select`; nullptr if there is none.
const shash* selected_row(const json* result, std::size_t i) {
  const json* operation = json_at(result, i);
  if (operation == nullptr || operation->type != JSON_OBJECT) {
    return nullptr;
  }
  const json* row = json_at(static_cast<const json*>(shash_find_data(json_object(operation), "rows")), 0);
  return row != nullptr && row->type == JSON_OBJECT ? json_object(row) : nullptr;
}

template <class Row>
void apply_selected_rows(const json* result, std::span<const RowId> ids, std::map<RowId, Row>& rows) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (const shash* found = selected_row(result, i)) {
      Row row{};
      read_row(found, row);
      if (!row.name.empty()) {
        rows.insert_or_assign(ids[i], std::move(row));
      }
    }
  }
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
  const auto existing = [&tables](const char* table, std::initializer_list<const ovsdb_idl_column*> columns) {
    std::vector<std::string> result;
    const auto* names = tables ? static_cast<const sset*>(shash_find_data(tables.get(), table)) : nullptr;
    for (const auto* column : columns) {
      if (names != nullptr && sset_contains(names, column->name)) {
        result.emplace_back(column->name);
      }
    }
    return result;
  };
  return {.bridge = existing(kBridge, {&ovsrec_bridge_col_name, &ovsrec_bridge_col_ports}),
          .port = existing(kPort, {&ovsrec_port_col_name, &ovsrec_port_col_tag, &ovsrec_port_col_interfaces}),
          .interface =
              existing(kInterface, {&ovsrec_interface_col_name, &ovsrec_interface_col_type,
                                    &ovsrec_interface_col_ofport, &ovsrec_interface_col_ifindex,
                                    &ovsrec_interface_col_mac_in_use, &ovsrec_interface_col_external_ids})};
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

Result<void> apply_update(const json* table_updates, int version, PortTables& tables) {
  ovsdb_cs_db_update* parsed = nullptr;
  if (struct ovsdb_error* error = ovsdb_cs_parse_db_update(table_updates, version, &parsed);
      error != nullptr) {
    ovsdb_error_destroy(error);
    return failure("the server sent what is no update of a database");
  }
  const Handle<ovsdb_cs_db_update, destroy_update> update(parsed);
  apply(update.get(), kBridge, tables.bridges);
  apply(update.get(), kPort, tables.ports);
  apply(update.get(), kInterface, tables.interfaces);
  return {};
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

void apply_selected(const json* result, std::span<const RowId> ids,
                    std::map<RowId, PortTables::Port>& ports) {
  apply_selected_rows(result, ids, ports);
}

void apply_selected(const json* result, std::span<const RowId> ids, std::map<RowId, OvsPort>& interfaces) {
  apply_selected_rows(result, ids, interfaces);
}

} // namespace sfa::sflowovsd
