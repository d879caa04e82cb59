// What the agent polls. A sample source provides data sources of one kind (the host, interfaces, virtual
// machines), which may appear and disappear. The agent gives each data source a time in the polling interval
// and its own sequence numbers, and requests samples when they are due.
//
// sample() returns values that are available at once. Values that a worker thread fetches are passed to the
// SampleSink later, on the event loop's thread; the agent sends them at once.
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

// The result of reading some counters, for `hsflowd status`.
struct SourceStatus {
  std::string name;
  std::optional<std::chrono::milliseconds> last_run; // time since then; nullopt = never
  std::chrono::microseconds cost{0};                 // of the last run
  bool present = false;                              // the last run produced a value
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

// The agent, as its sample sources see it. Not thread-safe: call it on the event loop's thread only.
class SampleSink {
public:
  SampleSink() = default;
  SampleSink(const SampleSink&) = delete;
  SampleSink& operator=(const SampleSink&) = delete;
  SampleSink(SampleSink&&) = delete;
  SampleSink& operator=(SampleSink&&) = delete;
  virtual ~SampleSink() = default;

  // Sends samples whose values arrived after sample() had returned. Drops them if the agent no longer
  // exports.
  virtual void deliver(std::vector<sflow::CounterSample> samples) = 0;

  // A data source appeared or disappeared: the agent calls data_sources() of every sample source again, and
  // first polls a new one within an interval from now.
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

  // The kind of its data sources: "host", "interfaces".
  [[nodiscard]] virtual std::string_view name() const = 0;

  // The existing data sources; no two sample sources have the same. Call data_sources_changed() after a
  // change.
  [[nodiscard]] virtual std::vector<sflow::DataSource> data_sources() const = 0;

  // Samples of those data sources in `due` whose values are available. Never waits: calls that may hang run
  // on another thread, and their samples come through deliver(). Leaves out a data source without any value.
  [[nodiscard]] virtual std::vector<sflow::CounterSample> sample(std::span<const sflow::DataSource> due) = 0;

  [[nodiscard]] virtual std::vector<SourceStatus> status(MonotonicTime now) const = 0;
};

} // namespace sfa::polling
