// The schedule: polls every data source every `polling` seconds, each at its own time, and exports what it
// says.
#pragma once

#include "collectors/exporter.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "polling/poll_schedule.hpp"
#include "polling/sample_source.hpp"
#include "sflow/datagram.hpp"
#include "status/status.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace sfa::daemon {

class Agent final : public polling::SampleSink {
public:
  // `random` spreads polls.
  Agent(EventLoop& loop, std::mt19937 random, collectors::Fallback fallback = {});

  // Owns it from now on. A source that delivers later is made with this agent as its SampleSink.
  void add(std::unique_ptr<polling::SampleSource> source);

  // What differs from the settings in force takes effect at once; sequence numbers go on. Another agent
  // address is told at once too, by a poll of the host beside the regular ones.
  void apply(const Settings& settings, std::uint32_t sub_agent_id);

  void deliver(std::vector<sflow::CounterSample> samples) override;
  void data_sources_changed() override;

  [[nodiscard]] std::vector<polling::SourceStatus> sources(MonotonicTime now) const;
  [[nodiscard]] std::vector<status::DataSourceCount> data_sources() const;
  [[nodiscard]] std::vector<status::CollectorStatus> collectors() const;
  // Nothing: nothing is exported.
  [[nodiscard]] std::optional<MonotonicTime> next_poll() const { return schedule_.next(); }
  [[nodiscard]] const LoggedState& packing() const { return packing_; }

private:
  void poll();
  void arm();
  void export_now(std::span<const sflow::CounterSample> samples);
  void report_packing(std::span<const sflow::CounterSample> samples,
                      const std::vector<sflow::TooLarge>& too_large);
  [[nodiscard]] bool exporting() const;

  std::vector<std::unique_ptr<polling::SampleSource>> sources_;
  std::map<sflow::DataSource, polling::SampleSource*> owners_;
  std::uint32_t sub_agent_id_ = 0;
  Settings settings_;
  sflow::SequenceNumbers numbers_;
  collectors::Exporter exporter_;
  std::set<sflow::TooLarge> too_large_; // of the last sample of each data source
  LoggedState packing_{"counter samples"};
  polling::PollSchedule schedule_;
  Timer timer_;
};

} // namespace sfa::daemon
