// How often a line that can recur is logged: several at once, then one in each interval.
#pragma once

#include <algorithm>
#include <chrono>

namespace sfa {

class LineLimit {
public:
  using Time = std::chrono::steady_clock::time_point;

  // The usual limit of a line about something that has changed.
  LineLimit() = default;
  LineLimit(int at_once, std::chrono::seconds interval) : at_once_(at_once), interval_(interval) {}

  // Whether a line may be logged now. If so, it counts.
  [[nodiscard]] bool admits(Time now = std::chrono::steady_clock::now()) {
    if (used_until_ > now + (at_once_ - 1) * interval_) {
      return false;
    }
    used_until_ = std::max(used_until_, now) + interval_;
    return true;
  }

private:
  int at_once_ = 6;
  std::chrono::seconds interval_{15};
  Time used_until_ = Time::min(); // when the lines so far would have come, one in each interval
};

} // namespace sfa
