// When to poll. Hosts that start together or get a new interval together are spread over it; after that
// polls come in exact intervals. Time and chance come in from outside.
#pragma once

#include "common/event_loop.hpp"

#include <chrono>
#include <optional>
#include <random>

namespace sfa {

class PollSchedule {
public:
  explicit PollSchedule(std::mt19937 random) : random_(random) {}

  // 0 = never. The first poll ever is due at once, so that an operator sees a new host without waiting for an
  // interval. The first one of another interval is due somewhere in it; the same interval changes nothing.
  void set_interval(std::chrono::seconds interval, MonotonicTime now);

  // One poll beside the regular ones as soon as possible, but no more than one such in a second: what asks
  // for it may do so again and again.
  void poll_soon(MonotonicTime now);

  // A poll was made at `now`, when it was due. A host that was suspended or starved skips what it missed, and
  // makes no burst of it.
  void polled(MonotonicTime now);

  // Nothing: never.
  [[nodiscard]] std::optional<MonotonicTime> due() const;

private:
  [[nodiscard]] std::chrono::milliseconds part_of_interval();

  std::mt19937 random_;
  std::chrono::seconds interval_{0};
  bool ever_polled_ = false;
  MonotonicTime regular_;
  std::optional<MonotonicTime> extra_, last_extra_;
};

} // namespace sfa
