// The daemon: keeps the settings in force equal to what the configuration and the host's addresses say,
// publishes them and hands them to the agent.
#pragma once

#include "collectors/collector_resolver.hpp"
#include "common/event_loop.hpp"
#include "config/config_file.hpp"
#include "daemon/agent.hpp"
#include "daemon/auto_file_writer.hpp"
#include "dns/dns_client.hpp"
#include "dnssd/dns_sd.hpp"
#include "guests/vm_samples.hpp"
#include "interfaces/interface_samples.hpp"
#include "netlink/network_watch.hpp"
#include "sources/host_sample.hpp"
#include "sources/registry.hpp"
#include "status/status.hpp"
#include "status/status_server.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfa::daemon {

inline constexpr const char* kRunDir = "/run/hsflowd";

struct DaemonOptions {
  std::filesystem::path config_file = "/etc/hsflowd.conf";
  std::filesystem::path shared_file; // hsflowd.auto
  std::filesystem::path run_dir = kRunDir;
  std::filesystem::path state_dir = dnssd::kStateDir;
  std::optional<std::filesystem::path> pid_file;
  std::string uuid;       // of the host; empty = the configuration's, else found
  std::string machine_id; // to derive a UUID from when there is no other
};

class Daemon {
public:
  // Throws when it cannot start, also when another one answers in the run directory: the two would take turns
  // in writing the shared file. Exports from the first turn of the loop on.
  Daemon(EventLoop& loop, DaemonOptions options, config::FileConfig file);

  [[nodiscard]] status::DaemonStatus status() const;

private:
  // The whole file is applied, or nothing of it.
  void reload();
  [[nodiscard]] Result<void> try_reload();
  // From the file and DNS-SD to the configuration in force.
  void merge();
  void dns_sd_changed();
  void configure_lookups();
  void log_record_problems(std::vector<config::Diagnostic> problems);
  // From the configuration and the host's addresses to the settings in force. What has not changed is left
  // alone, so it may be called at any time.
  void update();
  void open_status_server();
  void add_sample_sources();
  void tell_systemd() const;

  struct Reload {
    MonotonicTime at;
    std::string error; // empty = it was applied
  };

  EventLoop& loop_;
  DaemonOptions options_;
  config::FileConfig file_;
  config::Config config_; // in force: the file's, and what DNS-SD says
  config::Origins origins_;
  std::vector<config::Diagnostic> record_problems_;
  host::HostIdentity identity_;
  MonotonicTime started_ = std::chrono::steady_clock::now();
  std::vector<host::InterfaceAddress> addresses_;
  config::AgentElection election_;
  Settings settings_; // in force
  std::optional<Reload> last_reload_;
  LoggedState reading_addresses_{"host addresses"};
  LoggedState addressing_{"agent address"};
  LoggedState resolving_{"collectors"};
  dns::DnsClient dns_;
  dnssd::DnsSd dns_sd_;
  collectors::CollectorResolver collectors_;
  Agent agent_;
  sources::HostSample* host_ = nullptr;                // the agent's
  interfaces::InterfaceSamples* interfaces_ = nullptr; // the agent's
  guests::VmSamples* vms_ = nullptr;                   // the agent's
  AutoFileWriter auto_file_;
  Timer give_back_memory_; // what a large status took to make: more than all else together
  netlink::NetworkWatch network_;
  std::shared_ptr<const void> address_changes_;
  std::unique_ptr<status::StatusServer> status_server_;
  EventSource terminate_, interrupt_, hangup_;
};

} // namespace sfa::daemon
