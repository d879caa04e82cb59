// The schedule: polls the sources of the host sample every `polling` seconds and exports what they say.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "sflow/datagram.hpp"
#include "sflow/exporter.hpp"
#include "sources/counter_source.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace sfa {

// When to poll after the poll that was due at `due`: in whole intervals from it, and after `now`. A host that
// was suspended or starved skips what it missed, and makes no burst of it.
[[nodiscard]] MonotonicTime next_poll(MonotonicTime due, MonotonicTime now, std::chrono::seconds interval);

class Agent {
public:
  // `random` spreads the polls of hosts that start together.
  Agent(EventLoop& loop, SysRoot root, std::vector<std::unique_ptr<CounterSource>> sources,
        std::mt19937 random);

  // What differs from the settings in force takes effect at once; sequence numbers go on. The first settings
  // are followed by a poll at once, so that an operator sees a new host without waiting for an interval.
  void apply(const Settings& settings, std::uint32_t sub_agent_id);

private:
  struct Source {
    std::unique_ptr<CounterSource> counters;
    LoggedState state;
  };

  void poll();
  [[nodiscard]] CounterSample host_sample();
  [[nodiscard]] bool exporting() const;
  [[nodiscard]] std::chrono::milliseconds part_of_interval();

  SysRoot root_;
  std::vector<Source> sources_;
  std::uint32_t sub_agent_id_ = 0;
  std::mt19937 random_;
  Settings settings_;
  SequenceNumbers numbers_;
  Exporter exporter_;
  LoggedState packing_{"host sample"};
  bool polled_ = false;
  MonotonicTime due_;
  Timer timer_;
};

} // namespace sfa
