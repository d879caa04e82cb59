// The schedule: polls the sources of the host sample every `polling` seconds and exports what they say.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "hsflowd/poll_schedule.hpp"
#include "hsflowd/status.hpp"
#include "sflow/datagram.hpp"
#include "sflow/exporter.hpp"
#include "sources/counter_source.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace sfa {

class Agent {
public:
  // `random` spreads the polls of hosts that start together.
  Agent(EventLoop& loop, SysRoot root, std::vector<std::unique_ptr<CounterSource>> sources,
        std::mt19937 random, Fallback fallback = {});

  // What differs from the settings in force takes effect at once; sequence numbers go on. Another agent
  // address is told at once too, by a poll beside the regular ones.
  void apply(const Settings& settings, std::uint32_t sub_agent_id);

  // In place of the source of the same name.
  void replace_source(std::unique_ptr<CounterSource> source);

  [[nodiscard]] std::vector<SourceStatus> sources(MonotonicTime now) const;
  [[nodiscard]] std::vector<CollectorStatus> collectors() const;
  // Nothing: nothing is exported.
  [[nodiscard]] std::optional<MonotonicTime> next_poll() const { return schedule_.due(); }
  [[nodiscard]] const LoggedState& packing() const { return packing_; }

private:
  struct Source {
    std::unique_ptr<CounterSource> counters;
    LoggedState state;
    std::optional<MonotonicTime> last_run = {};
    std::chrono::microseconds cost{0}; // of the last run
    bool present = false;              // the last run gave a block
  };

  void poll();
  void arm();
  [[nodiscard]] CounterSample host_sample();
  [[nodiscard]] bool exporting() const;

  SysRoot root_;
  std::vector<Source> sources_;
  std::uint32_t sub_agent_id_ = 0;
  Settings settings_;
  SequenceNumbers numbers_;
  Exporter exporter_;
  LoggedState packing_{"host sample"};
  PollSchedule schedule_;
  Timer timer_;
};

} // namespace sfa
