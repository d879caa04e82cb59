// What Open vSwitch has: the database's content as values. Only the columns of ovs-vswitchd.conf.db(5) that
// sFlow needs.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfa::sflowovsd {

// UUID of a row.
struct RowId {
  std::array<std::uint32_t, 4> parts{};

  auto operator<=>(const RowId&) const = default;
  [[nodiscard]] std::string to_string() const;
};

// The columns of the sFlow table that carry settings. If one is absent, ovs-vswitchd uses its own default.
struct SflowColumns {
  std::optional<std::string> agent;     // IP address, or device name before Open vSwitch 2.10
  std::optional<std::int64_t> sampling; // N: 1 in N packets
  std::optional<std::int64_t> polling;  // s
  std::optional<std::int64_t> header;   // bytes
  std::vector<std::string> targets;     // sorted; "IP:port", IPv6 in brackets

  bool operator==(const SflowColumns&) const = default;
};

struct SflowRow {
  RowId id;
  SflowColumns columns;
  std::map<std::string, std::string> external_ids;
};

struct BridgeRow {
  RowId id;
  std::string name;
  std::optional<RowId> sflow;
  std::string sflow_key = {};          // external_ids:sflow; empty if not set
  std::string sflow_sampling_key = {}; // external_ids:sflow-sampling; empty if not set
};

// The columns that the database's sFlow table has. An old schema may lack some, and the server refuses any
// transaction that names a missing column.
struct SflowSchema {
  bool agent = true;
  bool sampling = true;
  bool polling = true;
  bool header = true;
  bool external_ids = true;
};

struct Snapshot {
  std::vector<BridgeRow> bridges;
  std::vector<SflowRow> sflow_rows;
  std::string ovs_version; // Open_vSwitch:ovs_version, which ovs-ctl(8) writes; empty if not set
  SflowSchema schema = {};
};

} // namespace sfa::sflowovsd
