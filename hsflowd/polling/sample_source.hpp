// What the agent polls. A sample source stands for data sources of one kind (the host, interfaces, virtual
// machines) that come and go. The agent gives each of them a place in the polling interval and a sequence
// number of its own, and asks for the values of those that are due.
//
// Values that are at hand are returned by sample(). Values that somebody else gets, such as a worker thread,
// are given to the SampleSink later, on the thread of the event loop: the agent then sends them at once.
#pragma once

#include "common/event_loop.hpp"
#include "common/fields.hpp"
#include "sflow/datagram.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::polling {

// How a reading of some counters went, for `hsflowd status`.
struct SourceStatus {
  std::string name;
  std::optional<std::chrono::milliseconds> last_run; // so long ago; nothing = never
  std::chrono::microseconds cost{0};                 // of the last run
  bool present = false;                              // the last run gave something
  std::string error;                                 // of the last run; empty = none

  bool operator==(const SourceStatus&) const = default;
  static void fields(auto& self, auto&& field) {
    field("name", self.name);
    field("last_run_ms_ago", self.last_run);
    field("cost_us", self.cost);
    field("present", self.present);
    field("error", self.error, kNullIfEmpty);
  }
};

// The agent, as its sample sources see it. Not thread-safe: on the thread of the event loop only.
class SampleSink {
public:
  SampleSink() = default;
  SampleSink(const SampleSink&) = delete;
  SampleSink& operator=(const SampleSink&) = delete;
  SampleSink(SampleSink&&) = delete;
  SampleSink& operator=(SampleSink&&) = delete;
  virtual ~SampleSink() = default;

  // Sends samples whose values came after sample() had returned. When nothing is exported any more they are
  // dropped.
  virtual void deliver(std::vector<sflow::CounterSample> samples) = 0;

  // A data source came or went: the agent asks every sample source for its data_sources() again, and polls a
  // new one first within an interval from now.
  virtual void data_sources_changed() = 0;
};

class SampleSource {
public:
  SampleSource() = default;
  SampleSource(const SampleSource&) = delete;
  SampleSource& operator=(const SampleSource&) = delete;
  SampleSource(SampleSource&&) = delete;
  SampleSource& operator=(SampleSource&&) = delete;
  virtual ~SampleSource() = default;

  // What its data sources are: "host", "interfaces".
  [[nodiscard]] virtual std::string_view name() const = 0;

  // Those that there are now; no two sample sources have the same. After a change, data_sources_changed().
  [[nodiscard]] virtual std::vector<sflow::DataSource> data_sources() const = 0;

  // Samples of those of `due` whose values are at hand. Never waits: what may hang is asked for on another
  // thread, and comes through deliver(). A source of which nothing is known is left out.
  [[nodiscard]] virtual std::vector<sflow::CounterSample> sample(std::span<const sflow::DataSource> due) = 0;

  [[nodiscard]] virtual std::vector<SourceStatus> status(MonotonicTime now) const = 0;
};

} // namespace sfa::polling
