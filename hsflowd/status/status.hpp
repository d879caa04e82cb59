// The status of a running daemon: filled in by the daemon, sent as JSON, shown by `hsflowd status`. Each
// structure lists its fields once (common/fields.hpp), in the order and with the names of the JSON document.
#pragma once

#include "common/fields.hpp"
#include "common/result.hpp"
#include "common/settings.hpp"
#include "config/agent_address.hpp"
#include "dnssd/dns_sd_status.hpp"
#include "polling/sample_source.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::status {

// The number of data sources of one kind: "host", "interfaces".
struct DataSourceCount {
  std::string name;
  std::size_t count = 0;

  bool operator==(const DataSourceCount&) const = default;
  static void fields(auto& self, auto&& field) {
    field("name", self.name);
    field("count", self.count);
  }
};

struct CollectorStatus {
  Collector collector;                // at the address in use
  std::uint64_t sent = 0;             // datagrams since this collector was configured
  std::uint64_t errors = 0;           // datagrams
  std::string last_error;             // empty if there was none
  std::vector<IpAddress> others = {}; // further addresses of its name, in the order in which they are tried
  // Of the addresses, if they are those of an earlier run, because DNS has not answered yet.
  std::optional<std::chrono::seconds> saved_age = {};

  bool operator==(const CollectorStatus&) const = default;
  static void fields(auto& self, auto&& field) {
    field("address", self.collector.address);
    field("port", self.collector.port);
    field("name", self.collector.name, kNullIfEmpty);
    field("device", self.collector.device, kNullIfEmpty);
    field("namespace", self.collector.network_namespace, kNullIfEmpty);
    field("source", self.collector.source);
    field("other_addresses", self.others);
    field("saved_addresses_age_seconds", self.saved_age);
    field("datagrams_sent", self.sent);
    field("errors", self.errors);
    field("last_error", self.last_error, kNullIfEmpty);
  }
};

struct ReloadStatus {
  std::chrono::milliseconds ago{0};
  std::string error; // why the reload was refused; empty if it was applied

  bool operator==(const ReloadStatus&) const = default;
  static void fields(auto& self, auto&& field) {
    field("ms_ago", self.ago);
    field("error", self.error, kNullIfEmpty);
  }
};

// The active settings.
struct SettingsStatus {
  std::uint32_t revision = 0; // of the shared file; 0 if none was published yet
  std::string origin;         // where the settings come from
  std::string shared_file;
  std::uint32_t sampling = 0;
  std::chrono::seconds polling{0};
  std::uint32_t header_bytes = 0;
  std::uint32_t datagram_bytes = 0;

  bool operator==(const SettingsStatus&) const = default;
  static void fields(auto& self, auto&& field) {
    field("revision", self.revision);
    field("origin", self.origin);
    field("shared_file", self.shared_file);
    field("sampling", self.sampling);
    field("polling_seconds", self.polling);
    field("header_bytes", self.header_bytes);
    field("datagram_bytes", self.datagram_bytes);
  }
};

// Times are relative: a step of the wall clock does not make them wrong.
struct DaemonStatus {
  std::string version;
  std::int64_t process_id = 0;
  std::chrono::milliseconds running{0}; // since the start
  SettingsStatus settings;
  std::optional<ReloadStatus> last_reload;  // nullopt if there was none since the start
  std::optional<dnssd::DnsSdStatus> dns_sd; // nullopt if DNS-SD is not configured
  std::uint32_t sub_agent_id = 0;
  config::AgentElection election;
  std::vector<CollectorStatus> collectors;
  std::vector<DataSourceCount> data_sources; // that are polled
  std::vector<polling::SourceStatus> sources;
  std::optional<std::chrono::milliseconds> next_poll; // time until then; nullopt while nothing is exported
  std::vector<std::string> problems;                  // current ones: "SUBJECT: PROBLEM"

  bool operator==(const DaemonStatus&) const = default;
  static void fields(auto& self, auto&& field) {
    field("version", self.version);
    field("process_id", self.process_id);
    field("running_ms", self.running);
    field("settings", self.settings);
    field("last_reload", self.last_reload);
    field("dns_sd", self.dns_sd);
    field("sub_agent_id", self.sub_agent_id);
    field("agent_address", self.election);
    field("collectors", self.collectors);
    field("data_sources", self.data_sources);
    field("sources", self.sources);
    field("next_poll_ms", self.next_poll);
    field("problems", self.problems);
  }
};

// One JSON document in UTF-8, with a newline at its end. Absent values are null.
[[nodiscard]] std::string status_json(const DaemonStatus& status);

// The inverse. The error names the first difference from what status_json writes.
[[nodiscard]] Result<DaemonStatus> parse_status(std::string_view json);

// For people. Ends with a newline.
[[nodiscard]] std::string status_text(const DaemonStatus& status);

// One line about the active settings, for the log.
[[nodiscard]] std::string settings_line(const Settings& settings);

// The same for systemd (STATUS= of sd_notify(3)), with the last reload if it was refused.
[[nodiscard]] std::string service_line(const Settings& settings, const std::string& reload_error);

} // namespace sfa::status
