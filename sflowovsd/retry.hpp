// When to try again what the database refused: after 1 s, 2 s, 4 s, then every 8 s.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace sfa::sflowovsd {

class Retry {
public:
  using Time = std::chrono::steady_clock::time_point;

  void schedule(Time now) {
    delay_ = std::clamp(delay_ * 2, kFirst, kLast);
    at_ = now + delay_;
  }
  // The next delay stays as long as it would have been.
  void cancel() { at_.reset(); }
  // Nothing is scheduled, and the next delay is the first again.
  void start_over() { *this = Retry(); }

  [[nodiscard]] bool is_due(Time now) const { return at_ && now >= *at_; }
  [[nodiscard]] std::optional<Time> at() const { return at_; }

private:
  static constexpr std::chrono::milliseconds kFirst{1000};
  static constexpr std::chrono::milliseconds kLast{8000}; // as Open vSwitch's library when it connects again

  std::chrono::milliseconds delay_{0};
  std::optional<Time> at_; // nullopt if nothing is scheduled
};

} // namespace sfa::sflowovsd
