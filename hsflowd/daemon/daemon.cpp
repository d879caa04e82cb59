#include "daemon/daemon.hpp"

#include "common/auto_file.hpp"
#include "common/service.hpp"
#include "common/text.hpp"
#include "config/resolver.hpp"
#include "dnssd/dns_sd_merge.hpp"
#include "host/host_uuid.hpp"
#include "netlink/netlink_statistics.hpp"
#include "sources/host_descr.hpp"
#include "sources/registry.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <utility>

namespace sfa::daemon {

namespace {

Result<host::HostIdentity> identity_of(const DaemonOptions& options, const config::Config& config) {
  return host::find_host_identity(host::SysRoot(), options.uuid.empty() ? config.uuid : options.uuid,
                                  options.machine_id);
}

host::HostIdentity host_identity(const DaemonOptions& options, const config::Config& config) {
  const auto identity = identity_of(options, config);
  if (!identity) {
    throw std::runtime_error(identity.error().message);
  }
  return *identity;
}

guests::VmSettings vm_settings(const config::Config& config) {
  return {.kvm = config.kvm,
          .xen = config.xen,
          .automatic = config.vms_automatic,
          .kvm_uri = config.kvm_uri,
          .xen_disks = config.xen_disks,
          .xen_fresh_identity = config.xen_update_dominfo,
          .modules = config.modules.empty() ? MODULE_DIR : config.modules,
          .refresh = config.refresh_vms,
          .forget = config.forget_vms};
}

std::string describe(const Settings& settings) {
  return fmt::format("agent {}, sampling 1 in {}, polling every {} s, {} collector(s)",
                     settings.agent_ip ? settings.agent_ip->to_string() : "unknown", settings.sampling,
                     settings.polling.count(), settings.collectors.size());
}

interfaces::InterfaceFilter interface_filter(const config::Config& config) {
  return {.include = separate(config.interfaces_include), .exclude = separate(config.interfaces_exclude)};
}

} // namespace

Daemon::Daemon(EventLoop& loop, DaemonOptions options, config::FileConfig file)
    : loop_(loop), options_(std::move(options)), file_(std::move(file)),
      identity_(host_identity(options_, file_.config)), dns_(loop,
                                                             [this] {
                                                               collectors_.retry_failed();
                                                               dns_sd_.servers_changed();
                                                             }),
      dns_sd_(loop, dns_, options_.state_dir / dnssd::kDnsSdCopyName, std::mt19937(std::random_device()()),
              [this] { dns_sd_changed(); }),
      collectors_(loop, dns_, std::mt19937(std::random_device()()), [this] { update(); }),
      agent_(loop, std::mt19937(std::random_device()()),
             {.others = [this](const Collector& collector) { return collectors_.others(collector); },
              .moved = [this](const Collector& collector,
                              const IpAddress& address) { collectors_.moved(collector, address); }}),
      auto_file_(loop, options_.shared_file, [this] { update(); }),
      give_back_memory_(loop.timer([] { malloc_trim(0); })), network_(loop),
      address_changes_(network_.subscribe({.addresses_settled = [this] { update(); }})),
      terminate_(loop.on_signal(SIGTERM, [this] { loop_.quit(); })),
      interrupt_(loop.on_signal(SIGINT, [this] { loop_.quit(); })),
      hangup_(loop.on_signal(SIGHUP, [this] { reload(); })) {
  open_status_server();
  add_sample_sources();
  dns_sd_.configure(file_.config.dns_sd);
  merge();
  configure_lookups();
  update();
}

void Daemon::merge() {
  const auto& answer = dns_sd_.in_force();
  dnssd::MergedConfig merged = answer ? dnssd::merge_dns_sd(file_.config, file_.origins, *answer)
                                      : dnssd::MergedConfig{file_.config, file_.origins, {}};
  config_ = std::move(merged.config);
  origins_ = std::move(merged.origins);
  log_record_problems(std::move(merged.problems));
}

void Daemon::dns_sd_changed() {
  const config::Config old = config_;
  merge();
  if (config_.collectors != old.collectors || config_.agent_host != old.agent_host) {
    configure_lookups();
  }
  update();
}

void Daemon::configure_lookups() {
  collectors_.configure(config_);
  // A restart loses no sample: names are at their old addresses until DNS says otherwise.
  if (const auto old = read_auto_file(auto_file_.path()); old && *old) {
    collectors_.remember((*old)->settings);
  }
}

// Each once, however often the records are read.
void Daemon::log_record_problems(std::vector<config::Diagnostic> problems) {
  for (const auto& problem : problems) {
    if (std::ranges::find(record_problems_, problem) == record_problems_.end()) {
      spdlog::warn("DNS record {}", problem.to_string());
    }
  }
  record_problems_ = std::move(problems);
}

void Daemon::add_sample_sources() {
  const auto host_interfaces =
      std::make_shared<host::HostInterfaces>(std::make_unique<netlink::NetlinkStatistics>());
  auto interfaces = std::make_unique<interfaces::InterfaceSamples>(
      loop_, network_, agent_,
      interfaces::InterfaceSamples::Host{
          .root = host::SysRoot(), .interfaces = host_interfaces, .drivers = interfaces::Ethtool()},
      interface_filter(file_.config));
  auto host = std::make_unique<sources::HostSample>(host::SysRoot(),
                                                    sources::make_host_sources(identity_, host_interfaces));
  auto vms = std::make_unique<guests::VmSamples>(loop_, agent_, host::SysRoot(),
                                                 options_.state_dir / guests::kVmTableName);
  host->set_source(vms->make_virt_node_source());
  interfaces_ = interfaces.get();
  host_ = host.get();
  vms_ = vms.get();
  agent_.add(std::move(host));
  agent_.add(std::move(interfaces));
  agent_.add(std::move(vms));
  vms_->configure(vm_settings(file_.config));
}

void Daemon::open_status_server() {
  const auto path = options_.run_dir / status::kStatusSocketName;
  if (status::status_server_listens(path)) {
    throw std::runtime_error(fmt::format(
        "another hsflowd answers at {}; one beside it needs a --run-dir of its own", path.native()));
  }
  std::error_code ignored; // what matters is whether the socket can be made
  std::filesystem::create_directories(options_.run_dir, ignored);
  auto server = status::StatusServer::open(loop_, path, [this] {
    give_back_memory_.arm_at(std::chrono::steady_clock::now() + std::chrono::seconds(1));
    return status::status_json(status());
  });
  if (server) {
    status_server_ = *std::move(server);
  } else {
    spdlog::warn("status socket: {}", server.error().message);
  }
}

void Daemon::reload() {
  notify_reloading();
  const auto reloaded = try_reload();
  last_reload_ = {.at = std::chrono::steady_clock::now(), .error = reloaded ? "" : reloaded.error().message};
  if (reloaded) {
    update();
    spdlog::info("{}: reloaded", options_.config_file.native());
  } else {
    spdlog::error("{}: not reloaded, the configuration in force stays", options_.config_file.native());
  }
  tell_systemd();
  notify_ready();
}

Result<void> Daemon::try_reload() {
  auto file = config::load_config_and_log(options_.config_file);
  if (!file) {
    return error_of(file);
  }
  const auto identity = identity_of(options_, file->config);
  if (!identity) {
    return error_of(identity);
  }
  file_ = *std::move(file);
  dns_sd_.configure(file_.config.dns_sd);
  merge();
  configure_lookups();
  interfaces_->set_filter(interface_filter(file_.config));
  vms_->configure(vm_settings(file_.config));
  if (*identity != identity_) {
    identity_ = *identity;
    host_->set_source(sources::make_host_descr_source(identity_));
  }
  return {};
}

void Daemon::update() {
  if (const auto addresses = network_.addresses()) {
    addresses_ = **addresses;
    reading_addresses_.ok();
  } else {
    reading_addresses_.failed(addresses.error());
  }
  config::Config config = config_;
  if (!config.agent_host.empty()) {
    config.agent_ip = collectors_.agent_ip(); // while it is not known an address of this host has to do
  }
  election_ = config::elect_agent_address(config, addresses_);
  if (election_.address) {
    addressing_.ok();
  } else {
    addressing_.failed(Error{election_.why + "; nothing is exported until one has"});
  }
  const Settings settings = resolve(config_, election_, identity_.hostname, collectors_.collectors());
  agent_.apply(settings, config_.sub_agent_id);
  // Readers of the shared file need an agent address; without one they go on with the last. And a collector
  // that is not known is not the same as none: sflowovsd takes a file without collectors for "off".
  // Names that cannot be looked up say so themselves, and so does DNS-SD.
  const bool off = dns_sd_.in_force() && config_.collectors.empty();
  if (config_.collectors.empty() && !config_.dns_sd.on) {
    resolving_.failed(Error{"none is known yet; what was published before stays in force"});
  } else {
    resolving_.ok();
  }
  if (settings.agent_ip && (off || !settings.collectors.empty())) {
    auto_file_.publish(settings);
  }
  if (std::exchange(settings_, settings) != settings) {
    spdlog::info("{}", describe(settings));
    tell_systemd();
  }
}

void Daemon::tell_systemd() const {
  std::string text = describe(settings_);
  if (last_reload_ && !last_reload_->error.empty()) {
    text += "; the last reload was refused: " + last_reload_->error;
  }
  notify_status(text);
}

status::DaemonStatus Daemon::status() const {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now();
  status::DaemonStatus status{.version = PROJECT_VERSION,
                              .process_id = getpid(),
                              .running = std::chrono::duration_cast<milliseconds>(now - started_),
                              .revision = auto_file_.revision(),
                              .shared_file = auto_file_.path(),
                              .origin = options_.config_file.native(),
                              .sampling = settings_.sampling,
                              .polling = settings_.polling,
                              .header_bytes = settings_.header_bytes,
                              .datagram_bytes = settings_.datagram_bytes,
                              .last_reload = {},
                              .sub_agent_id = config_.sub_agent_id,
                              .election = election_,
                              .collectors = agent_.collectors(),
                              .data_sources = agent_.data_sources(),
                              .sources = agent_.sources(now),
                              .next_poll = {},
                              .dns_sd = dns_sd_.status(),
                              .problems = {}};
  if (const auto& answer = dns_sd_.in_force()) {
    status.origin += " and DNS record " + answer->name;
  }
  if (last_reload_) {
    status.last_reload = {.ago = std::chrono::duration_cast<milliseconds>(now - last_reload_->at),
                          .error = last_reload_->error};
  }
  if (const auto due = agent_.next_poll()) {
    status.next_poll = std::chrono::duration_cast<milliseconds>(std::max(*due, now) - now);
  }
  for (const auto* state :
       {&reading_addresses_, &addressing_, &resolving_, &auto_file_.state(), &agent_.packing()}) {
    if (!state->failure_text().empty()) {
      status.problems.push_back(fmt::format("{}: {}", state->subject(), state->failure_text()));
    }
  }
  for (auto& collector : status.collectors) {
    collector.others = collectors_.others(collector.collector);
  }
  std::ranges::move(collectors_.problems(), std::back_inserter(status.problems));
  for (const auto& [option, origin] : origins_) {
    if (origin.kind == config::Origin::Kind::dns) {
      status.from_dns.push_back({.option = option, .origin = origin.to_string()});
    }
  }
  for (const auto& problem : record_problems_) {
    status.problems.push_back("DNS record " + problem.to_string());
  }
  return status;
}

} // namespace sfa::daemon
