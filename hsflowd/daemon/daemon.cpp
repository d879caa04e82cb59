#include "daemon/daemon.hpp"

#include "common/service.hpp"
#include "config/resolver.hpp"
#include "daemon/part_settings.hpp"
#include "dnssd/dns_sd_merge.hpp"
#include "netlink/netlink_statistics.hpp"
#include "sources/host_descr.hpp"
#include "sources/registry.hpp"

#include <algorithm>
#include <csignal>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::daemon {

namespace {

// A collector that moves to another address does so while datagrams are sent: the settings follow a moment
// later.
constexpr std::chrono::milliseconds kSettleTime{20};
constexpr std::chrono::seconds kDiskPatience{3}; // at the end, for what was to be written

std::mt19937 seeded() {
  return std::mt19937(std::random_device()());
}

host::HostIdentity required_identity(const DaemonOptions& options, const config::Config& config) {
  auto identity = host_identity(options, config);
  if (!identity) {
    throw std::runtime_error(identity.error().message);
  }
  return *std::move(identity);
}

Result<std::unique_ptr<host::LinkStatistics>> kernel_statistics() {
  try {
    return std::make_unique<netlink::NetlinkStatistics>();
  } catch (const std::exception& error) {
    return failure("{}", error.what());
  }
}

std::shared_ptr<host::HostInterfaces> kernel_interfaces() {
  return std::make_shared<host::HostInterfaces>(std::make_unique<netlink::NetlinkStatistics>());
}

// Without the socket the daemon runs as well, but never beside another daemon.
std::unique_ptr<status::StatusServer> open_status_server(EventLoop& loop,
                                                         const std::filesystem::path& run_dir,
                                                         std::function<std::string()> document) {
  const auto path = run_dir / status::kStatusSocketName;
  if (status::status_server_listens(path)) {
    throw std::runtime_error(fmt::format(
        "another hsflowd is running (socket {}); give a second instance its own --run-dir", path.native()));
  }
  std::error_code ignored; // opening the socket reports it
  std::filesystem::create_directories(run_dir, ignored);
  auto server = status::StatusServer::open(loop, path, std::move(document));
  if (!server) {
    spdlog::warn("status socket: {}", server.error().message);
    return nullptr;
  }
  return *std::move(server);
}

} // namespace

Daemon::Daemon(EventLoop& loop, DaemonOptions options, config::FileConfig file)
    : loop_(loop), options_(std::move(options)), file_(std::move(file)),
      identity_(required_identity(options_, file_.config)),
      give_back_memory_(loop.timer([] { malloc_trim(0); })),
      terminate_(loop.on_signal(SIGTERM, [this] { stop(); })),
      interrupt_(loop.on_signal(SIGINT, [this] { stop(); })),
      hangup_(loop.on_signal(SIGHUP, [this] { reload(); })),
      status_server_(open_status_server(loop, options_.run_dir, [this] { return status_document(); })),
      disk_(loop, kDiskPatience), dns_(loop, [this] { dns_servers_changed(); }),
      dns_sd_(loop, disk_, dns_, options_.state_dir / dnssd::kDnsSdCopyName, seeded(), [this] { apply(); }),
      collectors_(loop, disk_, dns_, seeded(), options_.state_dir / collectors::kSavedNamesName,
                  [this] { apply(); }),
      apply_soon_(loop, kSettleTime, [this] { apply(); }), exporter_([this] { apply_soon_.trigger(); }),
      agent_(loop, seeded(), exporter_), host_interfaces_(kernel_interfaces()), network_(loop),
      agent_address_(loop, disk_, network_, options_.state_dir / kAgentAddressName,
                     saved_for(options_.machine_id), [this] { apply(); }),
      interfaces_(loop, network_, agent_,
                  {.root = host::SysRoot(), .interfaces = host_interfaces_, .drivers = interfaces::Ethtool()},
                  interface_filter(file_.config)),
      vms_(loop, disk_, agent_, {.link_statistics = kernel_statistics},
           options_.state_dir / guests::kVmTableName),
      host_(host::SysRoot(), sources::make_host_sources(identity_, host_interfaces_)),
      auto_file_(loop, options_.shared_file, [this] { apply(); }) {
  host_.set_source(vms_.make_virt_node_source());
  agent_.add(host_);
  agent_.add(interfaces_);
  agent_.add(vms_);
  configure_parts();
  apply();
}

void Daemon::configure_parts() {
  dns_sd_.configure(file_.config.dns_sd);
  interfaces_.set_filter(interface_filter(file_.config));
  host_.set_source(sources::make_host_descr_source(identity_));
}

void Daemon::reload() {
  notify_reloading();
  const auto loaded = load_file();
  last_reload_ = {.at = std::chrono::steady_clock::now(), .error = loaded ? "" : loaded.error().message};
  if (loaded) {
    configure_parts();
    apply();
    collectors_.refresh();
    spdlog::info("{}: reloaded", options_.config_file.native());
  } else {
    spdlog::error("{}: not reloaded; the previous configuration stays active", options_.config_file.native());
  }
  report_to_systemd();
  notify_ready();
}

Result<void> Daemon::load_file() {
  auto file = config::load_config_and_log(options_.config_file);
  if (!file) {
    return error_of(file);
  }
  auto identity = host_identity(options_, file->config);
  if (!identity) {
    return error_of(identity);
  }
  file_ = *std::move(file);
  identity_ = *std::move(identity);
  return {};
}

void Daemon::apply() {
  merge();
  vms_.configure(vm_settings(options_, config_, identity_.uuid));
  collectors_.configure(config_);
  exporter_.set_targets(collectors_.targets());
  const Settings settings =
      config::resolve(config_, elect_agent_address(), identity_.hostname, exporter_.collectors());
  agent_.apply(settings, config_.sub_agent_id);
  publish(settings);
  if (std::exchange(settings_, settings) != settings) {
    if (settings_lines_.admits()) {
      spdlog::info("{}", status::settings_line(settings));
    }
    report_to_systemd();
  }
}

void Daemon::merge() {
  const auto& answer = dns_sd_.active();
  dnssd::MergedConfig merged = answer ? dnssd::merge_dns_sd(file_.config, file_.origins, *answer)
                                      : dnssd::MergedConfig{file_.config, file_.origins, {}};
  config_ = std::move(merged.config);
  origins_ = std::move(merged.origins);
  report_record_problems(std::move(merged.problems));
}

const config::AgentElection& Daemon::elect_agent_address() {
  config::Config config = config_;
  if (!config.agent_host.empty()) {
    config.agent_ip = collectors_.agent_ip(); // until that is known, an address of this host is elected
  }
  return agent_address_.elect(config, exporter_.collectors());
}

// Does not publish settings without an agent address, which readers of the shared file need. Unknown
// collectors are not the same as no collectors, which sflowovsd takes for "off". Failed lookups and DNS-SD
// report themselves.
void Daemon::publish(const Settings& settings) {
  const bool off = dns_sd_.active() && config_.collectors.empty();
  if (config_.collectors.empty() && !config_.dns_sd.on) {
    resolving_.failed(Error{"no collector is configured; keeping the last published settings"});
  } else {
    resolving_.ok();
  }
  if (settings.agent_ip && (off || !settings.collectors.empty())) {
    auto_file_.publish(settings);
  }
}

void Daemon::stop() {
  status_server_.reset();
  loop_.quit();
}

void Daemon::dns_servers_changed() {
  collectors_.retry_failed();
  dns_sd_.servers_changed();
}

// Each problem once, however often the records are read.
void Daemon::report_record_problems(std::vector<config::Diagnostic> problems) {
  for (const auto& problem : problems) {
    if (std::ranges::find(record_problems_, problem) == record_problems_.end() && record_lines_.admits()) {
      spdlog::warn("DNS record {}", problem.to_string());
    }
  }
  record_problems_ = std::move(problems);
}

void Daemon::report_to_systemd() const {
  notify_status(status::service_line(settings_, last_reload_ ? last_reload_->error : ""));
}

std::string Daemon::status_document() {
  give_back_memory_.arm_at(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  return status::status_json(status());
}

} // namespace sfa::daemon
