// What a running daemon says about itself: made by the daemon, sent as JSON, shown by `hsflowd status`.
#pragma once

#include "common/result.hpp"
#include "common/settings.hpp"
#include "config/agent_address.hpp"
#include "dnssd/dns_sd.hpp"
#include "polling/sample_source.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::status {

// So many data sources of a kind: "host", "interfaces".
struct DataSourceCount {
  std::string name;
  std::size_t count = 0;

  bool operator==(const DataSourceCount&) const = default;
};

struct CollectorStatus {
  Collector collector;
  std::uint64_t sent = 0;             // datagrams since the daemon knows this collector
  std::uint64_t errors = 0;           // datagrams
  std::string last_error;             // empty = there never was one
  std::vector<IpAddress> others = {}; // addresses of its name that would be tried next

  bool operator==(const CollectorStatus&) const = default;
};

struct ReloadStatus {
  std::chrono::milliseconds ago{0};
  std::string error; // why it was refused; empty = it was applied

  bool operator==(const ReloadStatus&) const = default;
};

// An option that DNS has set, and by which record.
struct FromDns {
  std::string option;
  std::string origin;

  bool operator==(const FromDns&) const = default;
};

// Times are relative, so that a step of the wall clock makes none of them wrong.
struct DaemonStatus {
  std::string version;
  std::int64_t process_id = 0;
  std::chrono::milliseconds running{0}; // since its start

  std::uint32_t revision = 0; // of the shared file; 0 = none was published yet
  std::string shared_file;
  std::string origin; // where the settings come from
  std::uint32_t sampling = 0;
  std::chrono::seconds polling{0};
  std::uint32_t header_bytes = 0;
  std::uint32_t datagram_bytes = 0;
  std::optional<ReloadStatus> last_reload; // nothing = none since the start

  std::uint32_t sub_agent_id = 0;
  config::AgentElection election;
  std::vector<CollectorStatus> collectors;
  std::vector<DataSourceCount> data_sources; // that are polled
  std::vector<polling::SourceStatus> sources;
  std::optional<std::chrono::milliseconds> next_poll; // in so long; nothing = nothing is exported
  std::optional<dnssd::DnsSdStatus> dns_sd;           // nothing = not configured
  std::vector<FromDns> from_dns = {};
  std::vector<std::string> problems; // "SUBJECT: what is wrong now"

  bool operator==(const DaemonStatus&) const = default;
};

// One JSON document in UTF-8 that ends with a line end. Absent values are null.
[[nodiscard]] std::string status_json(const DaemonStatus& status);

// The inverse. The error says where the document is not as status_json writes it.
[[nodiscard]] Result<DaemonStatus> parse_status(std::string_view json);

// For people. Ends with a line end.
[[nodiscard]] std::string status_text(const DaemonStatus& status);

} // namespace sfa::status
