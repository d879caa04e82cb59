#include "interfaces/interface_samples.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace sfa::interfaces {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kInterfaceClass = 0;
constexpr auto kRetry = 1s; // after the list of interfaces could not be read
// The speed of a bond changes with its members, without an event for the bond.
constexpr auto kMaxStateAge = 180s;

} // namespace

InterfaceSamples::InterfaceSamples(EventLoop& loop, netlink::NetworkWatch& watch, polling::SampleSink& sink,
                                   Host host, InterfaceFilter filter)
    : sink_(sink), root_(std::move(host.root)), interfaces_(std::move(host.interfaces)),
      drivers_(std::move(host.drivers)), filter_(std::move(filter)), modules_(loop),
      retry_(loop, kRetry, [this] { update(); }),
      subscription_(watch.subscribe(
          {.event = [this](const auto& event) { take(event); }, .links_settled = [this] { update(); }})) {
  interfaces_->all_changed(); // events before the subscription were missed
  update();
}

void InterfaceSamples::take(const netlink::NetworkEvent& event) {
  if (const auto* changed = std::get_if<netlink::LinkChanged>(&event)) {
    interfaces_->changed(changed->index, changed->link.name);
    forget(changed->index);
  } else if (const auto* removed = std::get_if<netlink::LinkRemoved>(&event)) {
    interfaces_->removed(removed->index);
    forget(removed->index);
  } else if (std::holds_alternative<netlink::EventsLost>(event)) {
    interfaces_->all_changed();
    states_.clear();
  }
}

void InterfaceSamples::set_filter(InterfaceFilter filter) {
  if (std::exchange(filter_, std::move(filter)) != filter_) {
    update();
  }
}

void InterfaceSamples::update() {
  const auto all = interfaces_->current(root_);
  if (!all) {
    listing_.failed(all.error());
    retry_.trigger();
    return;
  }
  listing_.ok();
  const std::size_t before = exported_.size();
  std::map<std::uint32_t, Exported> exported;
  for (const auto& [index, interface] : **all) {
    if (is_exported(interface, **all, filter_)) {
      auto old = exported_.extract(index);
      Exported& kept = exported[index];
      kept = old ? std::move(old.mapped()) : Exported{};
      kept.interface = interface;
      kept.aggregate = is_aggregate(interface, **all);
    }
  }
  std::erase_if(states_, [&](const auto& state) { return !exported.contains(state.first); });
  const bool same = exported_.empty() && exported.size() == before; // all were kept, and none is new
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
  std::vector<const host::Interface*> wanted;
  for (const auto& source : due) {
    if (const auto found = exported_.find(source.index); found != exported_.end()) {
      wanted.push_back(&found->second.interface);
    }
  }
  const auto counters = interfaces_->counters(root_, wanted);
  if (!counters) {
    return error_of(counters);
  }
  bonds_.clear();
  Result<void> outcome; // an error of one interface does not hold up the others
  for (const auto& [index, values] : *counters) {
    auto& exported = exported_.at(index);
    if (const auto state = state_of(exported.interface)) {
      samples.push_back({{kInterfaceClass, index}, blocks_of(exported, **state, values)});
    } else {
      outcome = error_of(state);
    }
  }
  return outcome;
}

std::vector<sflow::CounterBlock> InterfaceSamples::blocks_of(Exported& exported, const State& state,
                                                             const host::LinkCounters& now) {
  const auto& counters = exported.counters.advance(now);
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

// The bond itself is not exported if it is a port of Open vSwitch. If its file cannot be read, only the LACP
// block is left out.
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
  if (found == states_.end() || now - found->second.read_at > kMaxStateAge) {
    const auto link = read_link_state(root_, interface.name);
    if (!link) {
      return error_of(link);
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
