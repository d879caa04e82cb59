#include "polling/poll_schedule.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace sfa::polling_poll_schedule_test {

using namespace polling;
using namespace sflow;
using namespace std::chrono_literals;

namespace {

const MonotonicTime kStart{1000s};
const std::vector kHost{kHostDataSource};

PollSchedule schedule(std::uint32_t seed = 1) {
  PollSchedule polls{std::mt19937(seed)};
  polls.set_data_sources({kHostDataSource}, kStart);
  return polls;
}

// A schedule of 30 s whose first two polls were made; `now` is the time of the second.
PollSchedule settled(MonotonicTime& now) {
  PollSchedule polls = schedule();
  polls.set_interval(30s, kStart);
  CHECK(polls.take_due(kStart) == kHost);
  now = polls.next().value();
  CHECK(polls.take_due(now) == kHost);
  return polls;
}

std::set<DataSource> interfaces(std::uint32_t count) {
  std::set<DataSource> sources{kHostDataSource};
  for (std::uint32_t i = 1; i <= count; ++i) {
    sources.insert({0, i});
  }
  return sources;
}

// Everything that is polled from `now` to `end`, with its time.
std::vector<std::pair<MonotonicTime, DataSource>> run(PollSchedule& polls, MonotonicTime end) {
  std::vector<std::pair<MonotonicTime, DataSource>> polled;
  while (polls.next().value() < end) {
    const auto now = *polls.next();
    for (const auto& source : polls.take_due(now)) {
      polled.emplace_back(now, source);
    }
  }
  return polled;
}

} // namespace

TEST_CASE("without an interval nothing is due, not even an extra poll") {
  PollSchedule polls = schedule();
  CHECK_FALSE(polls.next());
  polls.poll_soon(kStart);
  CHECK_FALSE(polls.next());
  polls.set_interval(30s, kStart);
  polls.set_interval(0s, kStart);
  CHECK_FALSE(polls.next());
  CHECK(polls.take_due(kStart + 100s).empty());
}

TEST_CASE("without a data source nothing is due") {
  PollSchedule polls{std::mt19937(1)};
  polls.set_interval(30s, kStart);
  polls.poll_soon(kStart);
  CHECK_FALSE(polls.next());
  CHECK(polls.take_due(kStart + 100s).empty());
}

TEST_CASE("the first poll is due at once, the second within an interval, the others in exact intervals") {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    PollSchedule polls = schedule(seed);
    polls.set_interval(30s, kStart);
    REQUIRE(polls.next() == kStart);
    REQUIRE(polls.take_due(kStart) == kHost);
    const auto second = polls.next().value();
    REQUIRE(second > kStart);
    REQUIRE(second <= kStart + 30s);
    REQUIRE(polls.take_due(second + 3ms) == kHost); // late, which the next one does not inherit
    REQUIRE(polls.next() == second + 30s);
  }
}

TEST_CASE("hosts that start together or are reconfigured together do not poll together") {
  std::set<MonotonicTime> after_start;
  std::set<MonotonicTime> after_change;
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    PollSchedule polls = schedule(seed);
    polls.set_interval(30s, kStart);
    (void)polls.take_due(kStart);
    after_start.insert(*polls.next());
    polls.set_interval(10s, kStart + 1s);
    CHECK(*polls.next() > kStart + 1s);
    CHECK(*polls.next() <= kStart + 11s);
    after_change.insert(*polls.next());
  }
  CHECK(after_start.size() > 90);
  CHECK(after_change.size() > 90);
}

TEST_CASE("many data sources are spread evenly over the interval, and each is polled in exact intervals") {
  PollSchedule polls{std::mt19937(7)};
  polls.set_interval(30s, kStart);
  polls.set_data_sources(interfaces(89), kStart); // and the host: three a second
  (void)polls.take_due(kStart);                   // the host's first poll
  std::map<MonotonicTime, int> per_second;
  std::map<DataSource, std::vector<MonotonicTime>> times;
  for (const auto& [when, source] : run(polls, kStart + 300s)) {
    ++per_second[when];
    times[source].push_back(when);
  }
  REQUIRE(times.size() == 90);
  for (const auto& [source, polled] : times) {
    REQUIRE(polled.size() == 10);
    CHECK(polled.front() <= kStart + 30s);
    for (std::size_t i = 1; i < polled.size(); ++i) {
      CHECK(polled[i] - polled[i - 1] == 30s);
    }
  }
  CHECK(std::ranges::all_of(per_second, [](const auto& second) { return second.second == 3; }));
}

TEST_CASE("with an interval of a second all data sources are polled together") {
  PollSchedule polls{std::mt19937(7)};
  polls.set_interval(1s, kStart);
  polls.set_data_sources(interfaces(5), kStart);
  (void)polls.take_due(kStart);
  const auto first = polls.next().value();
  CHECK(polls.take_due(first).size() == 6);
  CHECK(polls.next() == first + 1s);
}

TEST_CASE("a data source that is new is due within an interval, where the fewest others are") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.set_data_sources(interfaces(29), now);
  const auto polled = run(polls, now + 30s);
  CHECK(polled.size() == 29); // each in a second of its own; the host comes at now + 30 s
  std::set<MonotonicTime> seconds;
  for (const auto& [when, source] : polled) {
    seconds.insert(when);
  }
  CHECK(seconds.size() == 29);
  CHECK(polls.take_due(now + 30s) == kHost);
}

TEST_CASE("a data source that left is not polled, and the others keep their times") {
  PollSchedule polls{std::mt19937(7)};
  polls.set_interval(30s, kStart);
  polls.set_data_sources(interfaces(3), kStart);
  const auto before = run(polls, kStart + 60s);
  polls.set_data_sources({kHostDataSource, {0, 1}, {0, 3}}, kStart + 60s);
  const auto after = run(polls, kStart + 90s);
  CHECK(after.size() == 3);
  for (const auto& [when, source] : after) {
    CHECK(source != DataSource{0, 2});
    CHECK(std::ranges::find(before, std::pair(when - 30s, source)) != before.end());
  }
}

TEST_CASE("setting the same interval again changes nothing") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.set_interval(30s, now + 7s);
  CHECK(polls.next() == now + 30s);
}

TEST_CASE("a late poll is made, unless it is late by more than an interval") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  CHECK(polls.take_due(now + 30s + 29s) == kHost);
  CHECK(polls.next() == now + 60s);
  CHECK(polls.take_due(now + 60s + 70s).empty());
  CHECK(polls.next() == now + 150s);
}

TEST_CASE("after a long stop nothing is polled twice, nor everything at once") {
  PollSchedule polls{std::mt19937(7)};
  polls.set_interval(30s, kStart);
  polls.set_data_sources(interfaces(59), kStart);
  (void)run(polls, kStart + 60s);
  CHECK(polls.take_due(kStart + 3600s).empty());
  std::map<DataSource, int> times;
  for (const auto& [when, source] : run(polls, kStart + 3630s)) {
    ++times[source];
  }
  CHECK(times.size() == 60);
  CHECK(std::ranges::all_of(times, [](const auto& source) { return source.second == 1; }));
}

TEST_CASE("an extra poll of the host is due at once and leaves the regular ones where they are") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 5s);
  CHECK(polls.next() == now + 5s);
  CHECK(polls.take_due(now + 5s) == kHost);
  CHECK(polls.next() == now + 30s);
}

TEST_CASE("extra polls come at most once a second, however often they are requested") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 5s);
  CHECK(polls.take_due(now + 5s) == kHost);
  for (auto later = now + 5001ms; later < now + 6s; later += 10ms) {
    polls.poll_soon(later);
    CHECK(polls.next() == now + 6s);
  }
  CHECK(polls.take_due(now + 6s) == kHost);
  CHECK(polls.next() == now + 30s);
}

TEST_CASE("a regular poll is not an extra one: the next extra poll comes at once") {
  PollSchedule polls = schedule();
  polls.set_interval(300s, kStart);
  polls.poll_soon(kStart);
  CHECK(polls.take_due(kStart) == kHost);
  const auto later = std::min(kStart + 10ms, *polls.next() - 1ms);
  polls.poll_soon(later);
  CHECK(polls.next() == later);
}

TEST_CASE("a regular poll makes an extra one needless") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 29s + 800ms);
  CHECK(polls.take_due(now + 29s + 800ms) == kHost);
  polls.poll_soon(now + 29s + 900ms);
  CHECK(polls.next() == now + 30s);
  CHECK(polls.take_due(now + 30s) == kHost);
  CHECK(polls.next() == now + 60s);
}

TEST_CASE("an extra poll is due when it was requested first, and not at all after a change of the interval") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 5s);
  polls.poll_soon(now + 6s);
  CHECK(polls.next() == now + 5s);
  polls.set_interval(60s, now + 7s);
  CHECK(*polls.next() > now + 7s);
}

TEST_CASE("a regular poll and an extra one at the same time are one") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 30s);
  CHECK(polls.take_due(now + 30s) == kHost);
  CHECK(polls.next() == now + 60s);
}

TEST_CASE("an extra poll is not due where the host is no data source") {
  PollSchedule polls{std::mt19937(1)};
  polls.set_data_sources({{0, 1}}, kStart);
  polls.set_interval(30s, kStart);
  polls.poll_soon(kStart);
  CHECK(*polls.next() > kStart);
  CHECK(polls.take_due(kStart).empty());
}

TEST_CASE("hosts that start together use all seconds of the interval") {
  std::set<std::int64_t> seconds;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    PollSchedule polls = schedule(seed);
    polls.set_interval(30s, kStart);
    (void)polls.take_due(kStart);
    seconds.insert((*polls.next() - kStart) / 1s);
  }
  CHECK(seconds.size() == 30);
}

TEST_CASE("data sources that came and went leave their second to others") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  for (std::uint32_t i = 0; i < 100; ++i) {
    polls.set_data_sources({kHostDataSource, {0, 1000 + i}}, now);
  }
  polls.set_data_sources(interfaces(29), now);
  std::set<MonotonicTime> seconds;
  for (const auto& [when, source] : run(polls, now + 31s)) {
    seconds.insert(when);
  }
  CHECK(seconds.size() == 30);
}

} // namespace sfa::polling_poll_schedule_test
