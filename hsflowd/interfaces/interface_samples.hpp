// The sample source of interfaces: one data source (class 0, ifIndex) for each exported interface.
#pragma once

#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "host/host_interfaces.hpp"
#include "interfaces/bonding.hpp"
#include "interfaces/ethernet_counters.hpp"
#include "interfaces/if_counters.hpp"
#include "interfaces/link_state.hpp"
#include "interfaces/module_reader.hpp"
#include "interfaces/selection.hpp"
#include "netlink/network_watch.hpp"
#include "polling/sample_source.hpp"

#include <map>
#include <memory>
#include <vector>

namespace sfa::interfaces {

class InterfaceSamples final : public polling::SampleSource {
public:
  struct Host {
    host::SysRoot root;
    std::shared_ptr<host::HostInterfaces> interfaces; // gets the changes that the watch reports
    // nullopt for a captured tree, whose host has neither drivers nor a bonding driver to ask.
    std::optional<Ethtool> drivers;
  };
  InterfaceSamples(EventLoop& loop, netlink::NetworkWatch& watch, polling::SampleSink& sink, Host host,
                   InterfaceFilter filter);

  void set_filter(InterfaceFilter filter);

  [[nodiscard]] std::string_view name() const override { return "interfaces"; }
  [[nodiscard]] std::vector<sflow::DataSource> data_sources() const override;
  [[nodiscard]] std::vector<sflow::CounterSample> sample(std::span<const sflow::DataSource> due) override;
  [[nodiscard]] std::vector<polling::SourceStatus> status(MonotonicTime now) const override;

private:
  // From sysfs and the driver. Read again after an event of the interface, and after a while, because not
  // every change causes an event.
  struct State {
    LinkState link;
    MonotonicTime read_at;
    std::vector<EthernetColumn> ethernet_columns;
    std::size_t driver_counters = 0;
  };
  struct Exported {
    host::Interface interface;
    bool aggregate = false;
    host::ContinuousCounters<host::LinkCounters> counters{};
    UnicastsReceived unicasts{};
  };

  void take(const netlink::NetworkEvent& event);
  void update();
  [[nodiscard]] Result<void> read(std::span<const sflow::DataSource> due,
                                  std::vector<sflow::CounterSample>& samples);
  [[nodiscard]] std::vector<sflow::CounterBlock> blocks_of(Exported& exported, const State& state,
                                                           const host::LinkCounters& now);
  void forget(std::uint32_t index);
  [[nodiscard]] Result<const State*> state_of(const host::Interface& interface);
  [[nodiscard]] std::optional<sflow::LagPortStats> lacp_of(const host::Interface& interface);

  polling::SampleSink& sink_;
  host::SysRoot root_;
  std::shared_ptr<host::HostInterfaces> interfaces_;
  std::optional<Ethtool> drivers_;
  InterfaceFilter filter_;
  std::map<std::uint32_t, Exported> exported_; // by ifIndex
  std::map<std::uint32_t, State> states_;
  // The members of each bond, by its ifIndex: read once for all members that are polled together.
  std::map<std::uint32_t, std::map<std::string, LacpPort>> bonds_;
  netlink::LacpStatistics lacp_;
  ModuleReader modules_;
  LoggedState listing_{"list of interfaces"};
  LoggedState reading_{"interfaces"};
  std::optional<MonotonicTime> last_run_;
  std::chrono::microseconds cost_{0};
  Debounce retry_;
  std::shared_ptr<const void> subscription_;
};

} // namespace sfa::interfaces
