#include "hsflowd/poll_schedule.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace sfa;
using namespace std::chrono_literals;

namespace {

const MonotonicTime kStart{1000s};

PollSchedule schedule(std::uint32_t seed = 1) {
  return PollSchedule(std::mt19937(seed));
}

// A schedule of 30 s whose first two polls were made; `now` is the time of the second.
PollSchedule settled(MonotonicTime& now) {
  PollSchedule polls = schedule();
  polls.set_interval(30s, kStart);
  polls.polled(kStart);
  now = polls.due().value();
  polls.polled(now);
  return polls;
}

} // namespace

TEST_CASE("without an interval nothing is due, whatever is asked for") {
  PollSchedule polls = schedule();
  CHECK_FALSE(polls.due());
  polls.poll_soon(kStart);
  CHECK_FALSE(polls.due());
  polls.set_interval(30s, kStart);
  polls.set_interval(0s, kStart);
  CHECK_FALSE(polls.due());
}

TEST_CASE("the first poll is due at once, the second within an interval, the others in exact intervals") {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    PollSchedule polls = schedule(seed);
    polls.set_interval(30s, kStart);
    REQUIRE(polls.due() == kStart);
    polls.polled(kStart);
    const auto second = polls.due().value();
    REQUIRE(second > kStart);
    REQUIRE(second <= kStart + 30s);
    polls.polled(second + 3ms); // late, which the next one does not inherit
    REQUIRE(polls.due() == second + 30s);
  }
}

TEST_CASE("hosts that start together or are reconfigured together do not poll together") {
  std::set<MonotonicTime> after_start;
  std::set<MonotonicTime> after_change;
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    PollSchedule polls = schedule(seed);
    polls.set_interval(30s, kStart);
    polls.polled(kStart);
    after_start.insert(*polls.due());
    polls.set_interval(10s, kStart + 1s);
    CHECK(*polls.due() > kStart + 1s);
    CHECK(*polls.due() <= kStart + 11s);
    after_change.insert(*polls.due());
  }
  CHECK(after_start.size() > 90);
  CHECK(after_change.size() > 90);
}

TEST_CASE("setting the same interval again changes nothing") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.set_interval(30s, now + 7s);
  CHECK(polls.due() == now + 30s);
}

TEST_CASE("missed polls are skipped") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.polled(now + 30s + 70s);
  CHECK(polls.due() == now + 120s);
}

TEST_CASE("an extra poll is due at once and leaves the regular ones where they are") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 5s);
  CHECK(polls.due() == now + 5s);
  polls.polled(now + 5s);
  CHECK(polls.due() == now + 30s);
}

TEST_CASE("extra polls come at most once a second, however often they are asked for") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 5s);
  polls.polled(now + 5s);
  for (auto later = now + 5001ms; later < now + 6s; later += 10ms) {
    polls.poll_soon(later);
    CHECK(polls.due() == now + 6s);
  }
  polls.polled(now + 6s);
  CHECK(polls.due() == now + 30s);
}

TEST_CASE("a poll that was due anyway is not an extra one: the next that is asked for comes at once") {
  PollSchedule polls = schedule();
  polls.set_interval(300s, kStart);
  polls.poll_soon(kStart);
  polls.polled(kStart);
  const auto later = std::min(kStart + 10ms, *polls.due() - 1ms);
  polls.poll_soon(later);
  CHECK(polls.due() == later);
}

TEST_CASE("a regular poll makes an extra one needless") {
  MonotonicTime now;
  PollSchedule polls = settled(now);
  polls.poll_soon(now + 29s + 800ms);
  polls.polled(now + 29s + 800ms);
  polls.poll_soon(now + 29s + 900ms);
  CHECK(polls.due() == now + 30s);
  polls.polled(now + 30s);
  CHECK(polls.due() == now + 60s);
}
