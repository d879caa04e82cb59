#include "hsflowd/daemon.hpp"

#include "common/auto_file.hpp"
#include "common/file.hpp"
#include "common/service.hpp"
#include "config/config_file.hpp"
#include "config/resolver.hpp"
#include "sources/host_uuid.hpp"
#include "sources/registry.hpp"

#include <csignal>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>
#include <utility>

namespace sfa {

namespace {

HostIdentity host_identity(const DaemonOptions& options, const Config& config) {
  utsname name{};
  uname(&name);
  const auto uuid =
      find_host_uuid(SysRoot(), options.uuid.empty() ? config.uuid : options.uuid, options.machine_id);
  if (!uuid) {
    throw std::runtime_error(uuid.error().message);
  }
  return {
      .hostname = name.nodename, .machine = name.machine, .os_release = name.release, .uuid = uuid->value};
}

std::string describe(const Settings& settings) {
  return fmt::format("agent {}, sampling 1 in {}, polling every {} s, {} collector(s)",
                     settings.agent_ip ? settings.agent_ip->to_string() : "unknown", settings.sampling,
                     settings.polling.count(), settings.collectors.size());
}

} // namespace

std::optional<Config> load_config_and_log(const std::filesystem::path& path) {
  LoadedConfig loaded = load_config_file(path);
  for (const auto& diagnostic : loaded.diagnostics) {
    const bool error = diagnostic.severity == Diagnostic::Severity::error;
    spdlog::log(error ? spdlog::level::err : spdlog::level::warn, "{}", diagnostic.to_string());
  }
  return std::move(loaded.config);
}

Daemon::Daemon(EventLoop& loop, DaemonOptions options, Config config)
    : loop_(loop), options_(std::move(options)), config_(std::move(config)),
      identity_(host_identity(options_, config_)),
      agent_(loop, SysRoot(), make_host_sources(identity_), std::mt19937(std::random_device()())),
      publish_again_(loop.timer([this] { publish(*settings_); })), address_watch_(loop, [this] { update(); }),
      terminate_(loop.on_signal(SIGTERM, [this] { loop_.quit(); })),
      interrupt_(loop.on_signal(SIGINT, [this] { loop_.quit(); })),
      hangup_(loop.on_signal(SIGHUP, [this] { reload(); })) {
  update();
}

void Daemon::reload() {
  auto config = load_config_and_log(options_.config_file);
  if (!config) {
    spdlog::error("{}: not reloaded, the configuration in force stays", options_.config_file.native());
    return;
  }
  config_ = *std::move(config);
  spdlog::info("{}: reloaded", options_.config_file.native());
  update();
}

void Daemon::update() {
  const auto addresses = read_host_addresses();
  if (!addresses) {
    addressing_.failed(addresses.error());
    return;
  }
  const AgentElection election = elect_agent_address(config_, *addresses);
  if (!election.address) {
    addressing_.failed(Error{election.why + "; nothing is exported until one has"});
    return;
  }
  addressing_.ok();
  const Settings settings = resolve(config_, election, identity_.hostname);
  if (settings.collectors.empty()) {
    // Not known is not the same as none: sflowovsd would take a file without collectors for "off".
    resolving_.failed(Error{"none is known: DNS-SD and host names are not supported by this build; what was "
                            "published before stays in force"});
    return;
  }
  resolving_.ok();
  if (settings == settings_ && publishing_.failure_text().empty()) {
    return;
  }
  settings_ = settings;
  spdlog::info("{}", describe(settings));
  publish(settings);
  agent_.apply(settings, config_.sub_agent_id);
  notify_status(describe(settings));
}

void Daemon::publish(const Settings& settings) {
  const auto old = read_auto_file(options_.shared_file);
  if (old && *old) {
    revision_ = (*old)->revision;
    if ((*old)->settings == settings) {
      return;
    }
  }
  revision_ += 1;
  const auto text = format_auto_file({.revision = revision_, .settings = settings});
  if (const auto written = replace_file(options_.shared_file, text); written) {
    publishing_.ok();
  } else {
    publishing_.failed(written.error());
    constexpr std::chrono::seconds kRetry{5};
    publish_again_.arm_at(std::chrono::steady_clock::now() + kRetry);
  }
}

} // namespace sfa
