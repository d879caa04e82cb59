#include "sflowovsd/port_columns.hpp"

#include "common/handle.hpp"
#include "sflowovsd/ovs_idl.hpp"

#include <optional>
#include <utility>

namespace sfa::sflowovsd {

namespace {

struct Table {
  const char* name;
  std::vector<const ovsdb_idl_column*> columns;
};

const std::vector<Table>& tables_of_ports() {
  static const std::vector<Table> tables{
      {"Bridge", {&ovsrec_bridge_col_name, &ovsrec_bridge_col_ports}},
      {"Port", {&ovsrec_port_col_name, &ovsrec_port_col_tag, &ovsrec_port_col_interfaces}},
      {"Interface",
       {&ovsrec_interface_col_name, &ovsrec_interface_col_type, &ovsrec_interface_col_ofport,
        &ovsrec_interface_col_ifindex, &ovsrec_interface_col_mac_in_use,
        &ovsrec_interface_col_external_ids}}};
  return tables;
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

void destroy_schema(shash* schema) {
  ovsdb_cs_free_schema(schema);
}

void destroy_update(ovsdb_cs_db_update* update) {
  ovsdb_cs_db_update_destroy(update);
}

} // namespace

json* compose_port_monitor(const json* schema) {
  const Handle<shash, destroy_schema> columns_of(ovsdb_cs_parse_schema(schema));
  json* requests = json_object_create();
  for (const auto& table : tables_of_ports()) {
    const auto* existing =
        columns_of ? static_cast<const sset*>(shash_find_data(columns_of.get(), table.name)) : nullptr;
    if (existing == nullptr) {
      continue;
    }
    json* columns = json_array_create_empty();
    for (const auto* column : table.columns) {
      if (sset_contains(existing, column->name)) {
        json_array_add(columns, json_string_create(column->name));
      }
    }
    json* request = json_object_create();
    json_object_put(request, "columns", columns);
    json_object_put(requests, table.name, json_array_create_1(request));
  }
  return requests;
}

Result<void> apply_port_update(const json* table_updates, int version, PortTables& tables) {
  ovsdb_cs_db_update* parsed = nullptr;
  if (struct ovsdb_error* error = ovsdb_cs_parse_db_update(table_updates, version, &parsed);
      error != nullptr) {
    ovsdb_error_destroy(error);
    return failure("the server sent what is no update of a database");
  }
  const Handle<ovsdb_cs_db_update, destroy_update> update(parsed);
  apply(update.get(), "Bridge", tables.bridges);
  apply(update.get(), "Port", tables.ports);
  apply(update.get(), "Interface", tables.interfaces);
  return {};
}

} // namespace sfa::sflowovsd
