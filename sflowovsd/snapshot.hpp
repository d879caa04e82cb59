// What the database holds, as values: the columns of ovs-vswitchd.conf.db(5) that matter here.
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

// The columns of the sFlow table that carry settings. Absent is a value of its own: ovs-vswitchd then takes
// its default.
struct SflowColumns {
  std::optional<std::string> agent;     // IP address, or device name before Open vSwitch 2.10
  std::optional<std::int64_t> sampling; // one packet in so many
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
  // What the bridge's own external_ids say of sFlow; empty = nothing.
  std::string sflow_key = {};          // external_ids:sflow
  std::string sflow_sampling_key = {}; // external_ids:sflow-sampling
};

// Which of the columns of the sFlow table the database has: an old schema may lack some, and a transaction
// that names a missing one is refused whole.
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
  std::string ovs_version; // Open_vSwitch:ovs_version, which ovs-ctl(8) writes; empty where nobody did
  SflowSchema schema = {};
};

} // namespace sfa::sflowovsd
