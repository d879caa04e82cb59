#include "polling/poll_schedule.hpp"

#include <algorithm>
#include <utility>

namespace sfa::polling {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kBetweenExtraPolls{1};
// With an interval of 1 s, a busy host may be late by a whole interval and must still be polled.
constexpr std::chrono::seconds kLeastToSkip{10};

} // namespace

void PollSchedule::set_interval(std::chrono::seconds interval, MonotonicTime now) {
  if (std::exchange(interval_, interval) == interval) {
    return;
  }
  extra_.reset();
  load_.assign(static_cast<std::size_t>(interval.count()), 0);
  if (interval.count() == 0) {
    return;
  }
  std::uniform_int_distribution<std::int64_t> part(1, 1000);
  origin_ = now - std::chrono::milliseconds(part(random_));
  for (auto& [source, place] : places_) {
    place = new_place(now);
  }
  if (!ever_polled_) {
    extra_ = now;
  }
}

void PollSchedule::set_data_sources(const std::set<sflow::DataSource>& sources, MonotonicTime now) {
  std::erase_if(places_, [&](const auto& entry) {
    const bool gone = !sources.contains(entry.first);
    if (gone && !load_.empty()) {
      --load_[entry.second.second];
    }
    return gone;
  });
  for (const auto& source : sources) {
    if (!places_.contains(source)) {
      places_[source] = load_.empty() ? Place{} : new_place(now);
    }
  }
}

PollSchedule::Place PollSchedule::new_place(MonotonicTime now) {
  const auto least = *std::ranges::min_element(load_);
  const auto candidates = std::ranges::count(load_, least);
  auto choice = std::uniform_int_distribution<std::ptrdiff_t>(0, candidates - 1)(random_);
  std::size_t second = 0;
  while (load_[second] != least || choice-- > 0) {
    ++second;
  }
  ++load_[second];
  auto due = origin_ + std::chrono::seconds(second);
  if (due <= now) {
    due += ((now - due) / interval_ + 1) * interval_;
  }
  return {.second = second, .due = due};
}

void PollSchedule::poll_soon(MonotonicTime now) {
  if (interval_.count() > 0 && !extra_) {
    extra_ = last_extra_ ? std::max(now, *last_extra_ + kBetweenExtraPolls) : now;
  }
}

std::vector<sflow::DataSource> PollSchedule::take_due(MonotonicTime now) {
  std::vector<sflow::DataSource> due;
  if (interval_.count() == 0) {
    return due;
  }
  for (auto& [source, place] : places_) {
    const auto late = now - place.due;
    if (late < 0s) {
      continue;
    }
    place.due += (late / interval_ + 1) * interval_;
    if (late < std::max(interval_, kLeastToSkip)) {
      due.push_back(source);
    }
  }
  take_extra(now, due);
  return due;
}

void PollSchedule::take_extra(MonotonicTime now, std::vector<sflow::DataSource>& due) {
  const bool regular = std::ranges::find(due, sflow::kHostDataSource) != due.end();
  const bool extra = !regular && places_.contains(sflow::kHostDataSource) && extra_ && *extra_ <= now;
  if (extra) {
    due.push_back(sflow::kHostDataSource);
    last_extra_ = ever_polled_ ? std::optional(now) : std::nullopt;
  }
  if (extra || regular) {
    extra_.reset(); // a regular poll has the same content
    ever_polled_ = true;
  }
}

std::optional<MonotonicTime> PollSchedule::next() const {
  if (interval_.count() == 0 || places_.empty()) {
    return std::nullopt;
  }
  const auto first =
      std::ranges::min_element(places_, {}, [](const auto& entry) { return entry.second.due; });
  return extra_ && places_.contains(sflow::kHostDataSource) ? std::min(*extra_, first->second.due)
                                                            : first->second.due;
}

} // namespace sfa::polling
