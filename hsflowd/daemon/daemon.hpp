// The daemon: owns all parts, and keeps the active settings equal to what the configuration file, DNS and the
// host's addresses give.
//
//   configuration file ─┐
//   DNS-SD answer ──────┴─ configuration ─┬─ lookups of names ─ targets ─ exporter ─ collectors ─┐
//   addresses of the host ────────────────┴─ agent address ──────────────────────────────────────┴─ settings
//
// Each source of change calls apply(), which computes all of that again. The agent and the shared file get
// the settings.
#pragma once

#include "collectors/collector_resolver.hpp"
#include "collectors/exporter.hpp"
#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "config/config_file.hpp"
#include "daemon/agent.hpp"
#include "daemon/agent_address.hpp"
#include "daemon/auto_file_writer.hpp"
#include "daemon/daemon_options.hpp"
#include "dns/dns_client.hpp"
#include "dnssd/dns_sd.hpp"
#include "guests/vm_samples.hpp"
#include "host/host_identity.hpp"
#include "interfaces/interface_samples.hpp"
#include "netlink/network_watch.hpp"
#include "sources/host_sample.hpp"
#include "status/status.hpp"
#include "status/status_server.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfa::daemon {

class Daemon {
public:
  // Throws if it cannot start, also if another daemon uses the run directory: both would write the shared
  // file. Exports as soon as the loop runs.
  Daemon(EventLoop& loop, DaemonOptions options, config::FileConfig file);

  [[nodiscard]] status::DaemonStatus status() const;

private:
  // SIGHUP. Applies the whole file or, if it has an error, none of it.
  void reload();
  [[nodiscard]] Result<void> load_file();
  // Passes to the parts what only the file configures.
  void configure_parts();

  // From the configuration to the active settings. May be called at any time: does nothing if nothing
  // changed.
  void apply();
  void merge();
  const config::AgentElection& elect_agent_address();
  void publish(const Settings& settings);

  // SIGTERM, SIGINT. Nobody can ask for the status of a daemon that ends.
  void stop();
  void dns_servers_changed();
  std::string status_document();
  void report_record_problems(std::vector<config::Diagnostic> problems);
  void report_to_systemd() const;
  [[nodiscard]] std::vector<std::string> problems() const;

  struct Reload {
    MonotonicTime at;
    std::string error; // empty if it was applied
  };

  EventLoop& loop_;
  DaemonOptions options_;
  config::FileConfig file_;
  config::Config config_; // active: the file's, changed by DNS-SD
  config::Origins origins_;
  std::vector<config::Diagnostic> record_problems_;
  LineLimit record_lines_{20, std::chrono::seconds(15)}; // a zone may have several mistakes at once
  LineLimit settings_lines_;
  host::HostIdentity identity_;
  MonotonicTime started_ = std::chrono::steady_clock::now();
  Settings settings_; // active
  std::optional<Reload> last_reload_;
  LoggedState resolving_{"collectors"};
  Timer give_back_memory_; // of a large status document: more than all else together
  // Before the socket, which shows that the daemon runs: it can be stopped from then on.
  EventSource terminate_, interrupt_, hangup_;
  std::unique_ptr<status::StatusServer> status_server_;

  // In the order of their dependencies.
  Worker disk_; // of the state directory
  dns::DnsClient dns_;
  dnssd::DnsSd dns_sd_;
  collectors::CollectorResolver collectors_;
  Debounce apply_soon_;
  collectors::Exporter exporter_;
  Agent agent_;
  std::shared_ptr<host::HostInterfaces> host_interfaces_;
  netlink::NetworkWatch network_;
  AgentAddress agent_address_;
  interfaces::InterfaceSamples interfaces_;
  guests::VmSamples vms_;
  sources::HostSample host_;
  AutoFileWriter auto_file_;
};

} // namespace sfa::daemon
