// When to poll which data source. Each has a second of the polling interval of its own, so that polls are
// spread over it evenly; those that share a second share datagrams. Hosts that start together or get a new
// interval together are spread as well. Time and chance come in from outside.
#pragma once

#include "common/event_loop.hpp"
#include "sflow/encode.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

namespace sfa::polling {

class PollSchedule {
public:
  explicit PollSchedule(std::mt19937 random) : random_(random) {}

  // 0 = never. The first poll of the host ever is due at once, so that an operator sees a new one without
  // waiting for an interval. Otherwise each data source is due first somewhere in another interval; the same
  // one changes nothing.
  void set_interval(std::chrono::seconds interval, MonotonicTime now);

  // New ones are due first within an interval from now, where the fewest others are; the rest stay where they
  // are.
  void set_data_sources(const std::set<sflow::DataSource>& sources, MonotonicTime now);

  // One poll of the host beside the regular ones as soon as possible, but no more than one such in a second:
  // what asks for it may do so again and again.
  void poll_soon(MonotonicTime now);

  // What is due at `now`; it counts as polled then. What was due longer ago than an interval (and than 10 s)
  // waits for its next time: a host that was stopped or starved makes no burst of it.
  [[nodiscard]] std::vector<sflow::DataSource> take_due(MonotonicTime now);

  // When something is due next; nothing: never.
  [[nodiscard]] std::optional<MonotonicTime> next() const;

private:
  struct Place {
    std::size_t second = 0; // of the interval
    MonotonicTime due;
  };

  [[nodiscard]] Place new_place(MonotonicTime now);
  void take_extra(MonotonicTime now, std::vector<sflow::DataSource>& due);

  std::mt19937 random_;
  std::chrono::seconds interval_{0};
  MonotonicTime origin_;            // where second 0 of an interval began
  std::vector<std::uint32_t> load_; // data sources in each second
  std::map<sflow::DataSource, Place> places_;
  bool ever_polled_ = false;
  std::optional<MonotonicTime> extra_, last_extra_; // of the host
};

} // namespace sfa::polling
