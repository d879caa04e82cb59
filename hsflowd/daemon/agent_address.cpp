#include "daemon/agent_address.hpp"

#include "common/file.hpp"
#include "common/saved.hpp"
#include "common/uuid.hpp"
#include "host/host_uuid.hpp"
#include "netlink/routes.hpp"

#include <algorithm>
#include <chrono>
#include <net/if.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::daemon {

namespace {

// Long enough for the datagram with a new address to be sent first.
constexpr std::chrono::milliseconds kSaveDelay{100};

// How long changes of routes alone cause an election. Later ones are seen when an address changes: a router's
// tables may change all day, and a host without a default route may never be settled.
constexpr std::chrono::minutes kFollowRoutes{10};

// What the file holds.
struct SavedAgent {
  std::int64_t version = 1;
  std::string host;
  IpAddress address;
  std::string device;
  std::string rule;
  std::uint32_t preference = 0;
  std::uint32_t grade = 0;
  bool knew_collectors = false;

  static void fields(auto& self, auto&& field) {
    field("version", self.version);
    field("host", self.host);
    field("address", self.address);
    field("device", self.device);
    field("rule", self.rule);
    field("preference", self.preference);
    field("grade", self.grade);
    field("knew_collectors", self.knew_collectors);
  }
};

// Many hosts may have the same last resort, unless somebody chose it.
bool is_kept(const config::ElectedAgent& elected) {
  return elected.grade > config::AgentGrade::last_resort || elected.preference > 0;
}

bool are_local(std::span<const Collector> collectors, std::span<const host::InterfaceAddress> addresses) {
  return !collectors.empty() && std::ranges::all_of(collectors, [&](const Collector& collector) {
    return !collector.network_namespace.empty() ||
           std::ranges::find(addresses, collector.address, &host::InterfaceAddress::address) !=
               addresses.end();
  });
}

} // namespace

Result<std::optional<config::ElectedAgent>> read_elected(const std::filesystem::path& path,
                                                         const std::string& host) {
  const auto saved = read_saved<SavedAgent>(path);
  if (!saved) {
    return error_of(saved);
  }
  if (!*saved || (*saved)->host != host) {
    return std::nullopt;
  }
  const SavedAgent& agent = **saved;
  const auto grade = static_cast<config::AgentGrade>(
      std::min(agent.grade, static_cast<std::uint32_t>(config::AgentGrade::reaches_collectors)));
  if (!config::can_identify(agent.address)) {
    return failure("{}: {} is no address of a host", path.native(), agent.address.to_string());
  }
  return config::ElectedAgent{.address = agent.address,
                              .device = agent.device,
                              .preference = agent.preference,
                              .grade = grade,
                              .knew_collectors = agent.knew_collectors,
                              .rule = agent.rule};
}

std::string saved_for(const std::string& machine_id) {
  const auto uuid = host::find_host_uuid(host::SysRoot(), "", machine_id);
  return uuid ? format_uuid(uuid->value) : "";
}

Result<config::SourceAddresses> source_addresses(std::span<const Collector> collectors) {
  std::vector<netlink::Destination> destinations;
  config::SourceAddresses sources;
  for (const auto& collector : collectors) {
    if (collector.network_namespace.empty() && collector.source) {
      sources.to_collectors.push_back(*collector.source);
    } else if (collector.network_namespace.empty() && collector.device.empty()) {
      destinations.push_back({.address = collector.address});
    } else if (const auto device = if_nametoindex(collector.device.c_str());
               collector.network_namespace.empty() && device != 0) {
      destinations.push_back({.address = collector.address, .device = device});
    }
  }
  const auto to_collectors = netlink::sources_to(destinations);
  if (!to_collectors) {
    return error_of(to_collectors);
  }
  sources.to_collectors.insert(sources.to_collectors.end(), to_collectors->begin(), to_collectors->end());
  auto to_gateway = netlink::sources_to(netlink::beyond_the_gateway());
  if (!to_gateway) {
    return error_of(to_gateway);
  }
  sources.to_gateway = *std::move(to_gateway);
  return sources;
}

AgentAddress::AgentAddress(EventLoop& loop, Worker& disk, netlink::NetworkWatch& network,
                           std::filesystem::path saved, const std::string& host, Callback changed)
    : network_(network), file_(disk, std::move(saved)), host_(host),
      save_soon_(loop, kSaveDelay, [this] { save(); }), due_(loop.timer(changed)),
      address_changes_(network.subscribe({.addresses_settled = std::move(changed)})) {
  auto elected = read_elected(file_.path(), host_);
  if (!elected) {
    spdlog::warn("agent address: ignoring the saved one: {}",
                 elected.error().message + move_aside(file_.path()));
  } else if (*elected) {
    saved_ = *elected;
    elector_.remember(**std::move(elected));
  }
}

bool AgentAddress::follow_routes(bool on) {
  const auto followed = network_.follow_routes(on);
  if (followed) {
    following_.ok();
  } else {
    following_.failed(followed.error());
  }
  return followed.has_value();
}

void AgentAddress::read(std::span<const Collector> collectors) {
  const auto addresses = network_.addresses();
  auto sources = source_addresses(collectors);
  if (addresses && sources) {
    addresses_ = **addresses;
    sources_ = *std::move(sources);
    sources_.collectors_are_local = are_local(collectors, addresses_);
    reading_.ok();
  } else {
    reading_.failed(addresses ? sources.error() : addresses.error());
  }
}

const config::AgentElection& AgentAddress::elect(const config::Config& config,
                                                 std::span<const Collector> collectors) {
  const auto now = std::chrono::steady_clock::now();
  const auto unsettled = [&] {
    return !config.agent_ip && !elector_.settled() && now - started_ < kFollowRoutes;
  };
  const auto before = election_.address;
  const bool followed = unsettled();
  (void)follow_routes(followed); // before they are read, so that none is missed
  read(collectors);
  election_ = elector_.elect(config, addresses_, sources_, now);
  if (!followed && unsettled() && follow_routes(true)) {
    read(collectors);
    election_ = elector_.elect(config, addresses_, sources_, now);
  }
  if (!election_.address) {
    electing_.failed(Error{election_.why + "; nothing is exported until one has"});
  } else {
    electing_.ok();
    if (election_.address != before && election_lines_.admits()) {
      spdlog::info("agent address {} on {}: {}", election_.address->to_string(),
                   election_.device.empty() ? "no device" : election_.device, election_.why);
    }
  }
  if (elector_.due()) {
    due_.arm_at(*elector_.due());
  } else {
    due_.disarm();
  }
  if (elector_.elected() != saved_) {
    save_soon_.trigger();
  }
  return election_;
}

void AgentAddress::save() {
  const auto& elected = elector_.elected();
  if (!elected || !is_kept(*elected)) {
    saving_.ok(); // nothing is lost
    return;
  }
  if (elected == saved_) {
    return;
  }
  const SavedAgent saved{.host = host_,
                         .address = elected->address,
                         .device = elected->device,
                         .rule = elected->rule,
                         .preference = elected->preference,
                         .grade = static_cast<std::uint32_t>(elected->grade),
                         .knew_collectors = elected->knew_collectors};
  saved_ = elected;
  file_.write(format_saved(saved), [this](const Result<void>& written) {
    if (written) {
      saving_.ok();
    } else {
      saved_.reset();
      saving_.failed(written.error());
    }
  });
}

} // namespace sfa::daemon
