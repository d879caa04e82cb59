// The sample source of interfaces: one data source (class 0, ifIndex) for each that is exported.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "host/host_interfaces.hpp"
#include "interfaces/bonding.hpp"
#include "interfaces/ethernet_counters.hpp"
#include "interfaces/if_counters.hpp"
#include "interfaces/link_state.hpp"
#include "interfaces/module_reader.hpp"
#include "interfaces/selection.hpp"
#include "netlink/link_watch.hpp"
#include "polling/sample_source.hpp"

#include <map>
#include <memory>
#include <vector>

namespace sfa::interfaces {

class InterfaceSamples final : public polling::SampleSource {
public:
  // Tells `interfaces` of changes from now on. Without `drivers` nothing is asked of them, nor of the bonding
  // driver: of the host of a captured tree there are none. Throws std::runtime_error.
  InterfaceSamples(EventLoop& loop, polling::SampleSink& sink, host::SysRoot root,
                   std::shared_ptr<host::HostInterfaces> interfaces, InterfaceFilter filter,
                   std::optional<Ethtool> drivers);

  void set_filter(InterfaceFilter filter);

  [[nodiscard]] std::string_view name() const override { return "interfaces"; }
  [[nodiscard]] std::vector<sflow::DataSource> data_sources() const override;
  [[nodiscard]] std::vector<sflow::CounterSample> sample(std::span<const sflow::DataSource> due) override;
  [[nodiscard]] std::vector<polling::SourceStatus> status(MonotonicTime now) const override;

private:
  // What is read from sysfs again after a change only, or after a while: there is no news of everything.
  struct State {
    LinkState link;
    MonotonicTime read_at;
    std::vector<EthernetColumn> ethernet_columns;
    std::size_t driver_counters = 0;
  };
  struct Exported {
    host::Interface interface;
    bool aggregate = false;
    UnicastsReceived unicasts{};
  };

  void update_in(std::chrono::milliseconds delay);
  void update();
  [[nodiscard]] Result<void> read(std::span<const sflow::DataSource> due,
                                  std::vector<sflow::CounterSample>& samples);
  [[nodiscard]] std::vector<sflow::CounterBlock> blocks_of(Exported& exported, const State& state,
                                                           const host::LinkCounters& counters);
  void forget(std::uint32_t index);
  [[nodiscard]] Result<const State*> state_of(const host::Interface& interface);
  [[nodiscard]] std::optional<sflow::LagPortStats> lacp_of(const host::Interface& interface);

  polling::SampleSink& sink_;
  host::SysRoot root_;
  std::shared_ptr<host::HostInterfaces> interfaces_;
  InterfaceFilter filter_;
  std::map<std::uint32_t, Exported> exported_; // by ifIndex
  std::map<std::uint32_t, State> states_;
  // Of each bond, by ifIndex, as it is now: read once for all members that are due together.
  std::map<std::uint32_t, std::map<std::string, LacpPort>> bonds_;
  netlink::LacpStatistics lacp_;
  std::optional<Ethtool> drivers_;
  ModuleReader modules_;
  LoggedState listing_{"list of interfaces"};
  LoggedState reading_{"interfaces"};
  std::optional<MonotonicTime> last_run_;
  std::chrono::microseconds cost_{0};
  Timer update_timer_;
  bool update_pending_ = false;
  netlink::LinkWatch watch_;
};

} // namespace sfa::interfaces
