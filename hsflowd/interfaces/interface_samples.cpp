#include "interfaces/interface_samples.hpp"

#include <algorithm>
#include <utility>

namespace sfa::interfaces {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kInterfaceClass = 0;
// An interface that comes up changes several times; several come together.
constexpr auto kSettleTime = 20ms;
constexpr auto kTryAgain = 1s;
// The speed of a bond changes with its members, without news of the bond.
constexpr auto kReadStateAgain = 180s;

} // namespace

InterfaceSamples::InterfaceSamples(EventLoop& loop, polling::SampleSink& sink, host::SysRoot root,
                                   std::shared_ptr<host::HostInterfaces> interfaces, InterfaceFilter filter,
                                   std::optional<Ethtool> drivers)
    : sink_(sink), root_(std::move(root)), interfaces_(std::move(interfaces)), filter_(std::move(filter)),
      drivers_(std::move(drivers)), modules_(loop), update_timer_(loop.timer([this] {
        update_pending_ = false;
        update();
      })),
      watch_(loop, {.changed =
                        [this](std::uint32_t index, const std::string& name) {
                          interfaces_->changed(index, name);
                          forget(index);
                          update_in(kSettleTime);
                        },
                    .removed =
                        [this](std::uint32_t index) {
                          interfaces_->removed(index);
                          forget(index);
                          update_in(kSettleTime);
                        },
                    .lost =
                        [this] {
                          interfaces_->all_changed();
                          states_.clear();
                          update_in(kSettleTime);
                        }}) {
  interfaces_->all_changed(); // what changed before the watch
  update();
}

void InterfaceSamples::set_filter(InterfaceFilter filter) {
  if (std::exchange(filter_, std::move(filter)) != filter_) {
    update();
  }
}

void InterfaceSamples::update_in(std::chrono::milliseconds delay) {
  if (!std::exchange(update_pending_, true)) {
    update_timer_.arm_at(std::chrono::steady_clock::now() + delay);
  }
}

void InterfaceSamples::update() {
  const auto all = interfaces_->current(root_);
  if (!all) {
    listing_.failed(all.error());
    update_in(kTryAgain);
    return;
  }
  listing_.ok();
  std::map<std::uint32_t, Exported> exported;
  for (const auto& [index, interface] : **all) {
    if (is_exported(interface, **all, filter_)) {
      const auto old = exported_.find(index);
      exported.emplace(index, Exported{interface, is_aggregate(interface, **all),
                                       old == exported_.end() ? UnicastsReceived{} : old->second.unicasts});
    }
  }
  std::erase_if(states_, [&](const auto& state) { return !exported.contains(state.first); });
  const auto same_index = [](const auto& a, const auto& b) { return a.first == b.first; };
  const bool same = std::ranges::equal(exported, exported_, same_index);
  exported_ = std::move(exported);
  if (!same) {
    sink_.data_sources_changed();
  }
}

std::vector<sflow::DataSource> InterfaceSamples::data_sources() const {
  std::vector<sflow::DataSource> sources;
  for (const auto& [index, exported] : exported_) {
    sources.push_back({kInterfaceClass, index});
  }
  return sources;
}

std::vector<sflow::CounterSample> InterfaceSamples::sample(std::span<const sflow::DataSource> due) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<sflow::CounterSample> samples;
  const auto outcome = read(due, samples);
  last_run_ = std::chrono::steady_clock::now();
  cost_ = std::chrono::duration_cast<std::chrono::microseconds>(*last_run_ - begin);
  if (outcome) {
    reading_.ok();
  } else {
    reading_.failed(outcome.error());
  }
  return samples;
}

Result<void> InterfaceSamples::read(std::span<const sflow::DataSource> due,
                                    std::vector<sflow::CounterSample>& samples) {
  std::vector<const host::Interface*> asked;
  for (const auto& source : due) {
    if (const auto found = exported_.find(source.index); found != exported_.end()) {
      asked.push_back(&found->second.interface);
    }
  }
  const auto counters = interfaces_->counters(root_, asked);
  if (!counters) {
    return tl::unexpected(counters.error());
  }
  bonds_.clear();
  Result<void> outcome; // what is wrong with one interface is not wrong with the others
  for (const auto& [index, values] : *counters) {
    auto& exported = exported_.at(index);
    if (const auto state = state_of(exported.interface)) {
      samples.push_back({{kInterfaceClass, index}, blocks_of(exported, **state, values)});
    } else {
      outcome = tl::unexpected(state.error());
    }
  }
  return outcome;
}

std::vector<sflow::CounterBlock> InterfaceSamples::blocks_of(Exported& exported, const State& state,
                                                             const host::LinkCounters& counters) {
  const auto& interface = exported.interface;
  std::vector<sflow::CounterBlock> blocks{
      if_counters(interface, exported.aggregate, state.link, counters, exported.unicasts.advance(counters))};
  if (!state.ethernet_columns.empty()) {
    const auto values = drivers_->counters(interface.name, state.driver_counters);
    if (auto block = ethernet_counters(state.ethernet_columns, values)) {
      blocks.emplace_back(*block);
    }
  }
  if (auto block = lacp_of(interface)) {
    blocks.emplace_back(*block);
  }
  blocks.emplace_back(sflow::PortName{interface.name});
  if (drivers_ && interface.device) {
    if (auto module = modules_.latest(interface.index, interface.name, std::chrono::steady_clock::now())) {
      module->module_id = interface.index;
      blocks.emplace_back(*std::move(module));
    }
  }
  return blocks;
}

// The bond may be a port of Open vSwitch, and so none of ours. What it says is for information, and no reason
// to leave the counters out when it cannot be read.
std::optional<sflow::LagPortStats> InterfaceSamples::lacp_of(const host::Interface& interface) {
  const auto all = interfaces_->current(root_);
  const auto* bond = interface.bond_member && all && (*all)->contains(interface.master)
                         ? &(*all)->at(interface.master)
                         : nullptr;
  if (bond == nullptr) {
    return std::nullopt;
  }
  if (!bonds_.contains(bond->index)) {
    const auto members = host::parse_file(root_, "proc/net/bonding/" + bond->name, parse_bonding);
    bonds_[bond->index] = members && *members ? **members : std::map<std::string, LacpPort>{};
  }
  const auto& members = bonds_[bond->index];
  const auto found = members.find(interface.name);
  if (found == members.end()) {
    return std::nullopt;
  }
  const auto counters = drivers_ ? lacp_.read(interface.index) : std::nullopt;
  return lag_port_stats(found->second, interface.master, counters.value_or(netlink::LacpCounters{}));
}

Result<const InterfaceSamples::State*> InterfaceSamples::state_of(const host::Interface& interface) {
  const auto now = std::chrono::steady_clock::now();
  auto found = states_.find(interface.index);
  if (found == states_.end() || now - found->second.read_at > kReadStateAgain) {
    const auto link = read_link_state(root_, interface.name);
    if (!link) {
      return tl::unexpected(link.error());
    }
    State state{.link = *link, .read_at = now, .ethernet_columns = {}, .driver_counters = 0};
    if (drivers_ && interface.device) {
      const auto names = drivers_->counter_names(interface.name);
      state.driver_counters = names.size();
      state.ethernet_columns = ethernet_columns(names);
    }
    found = states_.insert_or_assign(interface.index, std::move(state)).first;
  }
  return &found->second;
}

void InterfaceSamples::forget(std::uint32_t index) {
  states_.erase(index);
  modules_.forget(index);
}

std::vector<polling::SourceStatus> InterfaceSamples::status(MonotonicTime now) const {
  polling::SourceStatus status{.name = "interfaces",
                               .last_run = {},
                               .cost = cost_,
                               .present = !exported_.empty(),
                               .error = listing_.failure_text().empty() ? reading_.failure_text()
                                                                        : listing_.failure_text()};
  if (last_run_) {
    status.last_run = std::chrono::duration_cast<std::chrono::milliseconds>(now - *last_run_);
  }
  return {status};
}

} // namespace sfa::interfaces
