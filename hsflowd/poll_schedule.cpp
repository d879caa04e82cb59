#include "hsflowd/poll_schedule.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sfa {

namespace {

constexpr std::chrono::seconds kBetweenExtraPolls{1};

} // namespace

void PollSchedule::set_interval(std::chrono::seconds interval, MonotonicTime now) {
  if (std::exchange(interval_, interval) == interval) {
    return;
  }
  extra_.reset();
  if (interval.count() > 0) {
    regular_ = ever_polled_ ? now + part_of_interval() : now;
  }
}

void PollSchedule::poll_soon(MonotonicTime now) {
  if (interval_.count() > 0 && !extra_) {
    extra_ = last_extra_ ? std::max(now, *last_extra_ + kBetweenExtraPolls) : now;
  }
}

void PollSchedule::polled(MonotonicTime now) {
  if (extra_ && *extra_ <= now && regular_ > now) {
    last_extra_ = now;
  }
  extra_.reset(); // a regular poll tells the same
  if (regular_ <= now) {
    const auto missed = (now - regular_) / interval_;
    regular_ = ever_polled_ ? regular_ + (missed + 1) * interval_ : now + part_of_interval();
  }
  ever_polled_ = true;
}

std::optional<MonotonicTime> PollSchedule::due() const {
  if (interval_.count() == 0) {
    return std::nullopt;
  }
  return extra_ ? std::min(*extra_, regular_) : regular_;
}

std::chrono::milliseconds PollSchedule::part_of_interval() {
  std::uniform_int_distribution<std::int64_t> part(1, std::chrono::milliseconds(interval_).count());
  return std::chrono::milliseconds(part(random_));
}

} // namespace sfa
