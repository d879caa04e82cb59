// Decides when to poll which data source. Each data source has its own second of the polling interval, so
// that polls are spread evenly; data sources with the same second share datagrams. Hosts that start together
// or get a new interval together are spread as well. Time and randomness are arguments.
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

  // 0 = never. The very first poll of the host is due at once, so that an operator sees a new host
  // immediately. After a change of the interval, each data source is first due at a random time within the
  // new one. Setting the same interval again changes nothing.
  void set_interval(std::chrono::seconds interval, MonotonicTime now);

  // A new data source is first due within an interval from now, in the second with the fewest others. The
  // others keep their times.
  void set_data_sources(const std::set<sflow::DataSource>& sources, MonotonicTime now);

  // Requests one extra poll of the host as soon as possible, but at most one a second, however often it is
  // requested.
  void poll_soon(MonotonicTime now);

  // The data sources that are due at `now`; they count as polled. One that is late by more than an interval
  // and more than 10 s is skipped until its next time, so that a host that was stopped does not send a burst.
  [[nodiscard]] std::vector<sflow::DataSource> take_due(MonotonicTime now);

  // The time of the next poll; nullopt if there is none.
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
  std::vector<std::uint32_t> load_; // number of data sources in each second
  std::map<sflow::DataSource, Place> places_;
  bool ever_polled_ = false;
  std::optional<MonotonicTime> extra_, last_extra_; // of the host
};

} // namespace sfa::polling
