// Polls every data source once per polling interval, each at its own time, and exports the samples.
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
#include <optional>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace sfa::daemon {

class Agent final : public polling::SampleSink {
public:
  // `random` spreads polls. `exporter` and the sample sources belong to the caller, and so do the targets of
  // the exporter.
  Agent(EventLoop& loop, std::mt19937 random, collectors::Exporter& exporter);

  // A source whose samples come later is constructed with this agent as its SampleSink.
  void add(polling::SampleSource& source);

  // Changed settings take effect immediately; sequence numbers continue. A changed agent address also causes
  // an additional poll of the host, so that collectors learn it immediately.
  void apply(const Settings& settings, std::uint32_t sub_agent_id);

  void deliver(std::vector<sflow::CounterSample> samples) override;
  void data_sources_changed() override;

  [[nodiscard]] std::vector<polling::SourceStatus> sources(MonotonicTime now) const;
  [[nodiscard]] std::vector<status::DataSourceCount> data_sources() const;
  // nullopt while nothing is exported
  [[nodiscard]] std::optional<MonotonicTime> next_poll() const { return schedule_.next(); }
  [[nodiscard]] const LoggedState& packing() const { return packing_; }

private:
  void poll();
  void arm();
  void export_now(std::span<const sflow::CounterSample> samples);
  void report_packing(std::span<const sflow::CounterSample> samples,
                      const std::vector<sflow::TooLarge>& too_large);
  [[nodiscard]] bool exporting() const;

  collectors::Exporter& exporter_;
  std::vector<polling::SampleSource*> sources_;
  std::map<sflow::DataSource, polling::SampleSource*> owners_;
  std::uint32_t sub_agent_id_ = 0;
  Settings settings_;
  sflow::SequenceNumbers numbers_;
  std::set<sflow::TooLarge> too_large_; // blocks of the last sample of each data source
  LoggedState packing_{"counter samples"};
  polling::PollSchedule schedule_;
  Timer timer_;
};

} // namespace sfa::daemon
