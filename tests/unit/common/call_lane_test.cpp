#include "common/call_lane.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace sfa::common_call_lane_test {

using namespace std::chrono_literals;

namespace {

constexpr auto kDeadline = 10s;

struct Connection {
  int number = 0;
};
using Lane = CallLane<Connection>;
using Call = std::function<void(Connection&)>;

std::vector<Lane::Outcome> make_calls(Lane& lane, std::vector<Call> calls, Lane::Patience patience) {
  const auto count = calls.size();
  return lane.make_calls(
      count, [calls = std::move(calls)](Connection& connection, std::size_t i) { calls[i](connection); },
      patience);
}

// Time passes only when somebody lets it pass, so that nothing depends on how busy the machine is.
struct Time {
  std::shared_ptr<std::atomic<MonotonicTime::rep>> now = std::make_shared<std::atomic<MonotonicTime::rep>>(0);

  void pass(MonotonicTime::duration time) const { *now += time.count(); }
  [[nodiscard]] MonotonicTime operator()() const { return MonotonicTime(MonotonicTime::duration(*now)); }
};

// How long lanes wait for each call of a Library.
constexpr auto kPatience = 1ms;

// Numbers the connections from 1, and records the last one that each call used.
struct Library {
  Time time;
  int connections = 0;
  std::shared_ptr<std::vector<int>> used = std::make_shared<std::vector<int>>(8);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();

  Lane lane() {
    return Lane([this] { return std::make_unique<Connection>(Connection{++connections}); }, time);
  }
  Call good(std::size_t call) const {
    return [used = used, call](Connection& connection) { (*used)[call] = connection.number; };
  }
  [[nodiscard]] Call hanging() const {
    return [released = released, time = time](Connection&) {
      time.pass(kPatience);
      released.wait();
    };
  }
};

void wait_until_none_is_stuck(Lane& lane) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (lane.stuck() != 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(lane.stuck() == 0);
}

} // namespace

TEST_CASE("calls are made in order, on one other thread and through one connection") {
  Library library;
  auto lane = library.lane();
  struct Made {
    int call;
    std::thread::id thread;
  };
  auto made = std::make_shared<std::vector<Made>>();
  std::vector<Call> calls;
  for (int i = 0; i < 100; ++i) {
    calls.emplace_back([made, i](Connection&) { made->push_back({i, std::this_thread::get_id()}); });
  }
  const auto outcomes = make_calls(lane, calls, {.with_each = kDeadline, .most_stuck = 1});
  REQUIRE(made->size() == 100);
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(outcomes[i].made);
    CHECK((*made)[i].call == static_cast<int>(i));
    CHECK((*made)[i].thread == (*made)[0].thread);
  }
  CHECK((*made)[0].thread != std::this_thread::get_id());
  (void)make_calls(lane, calls, {.with_each = kDeadline, .most_stuck = 1});
  CHECK(library.connections == 1);
  CHECK(make_calls(lane, {}, {.with_each = kDeadline, .most_stuck = 1}).empty());
}

TEST_CASE("a call that returns as soon as the process runs again is not stuck, however long the process was "
          "stopped") {
  constexpr std::chrono::milliseconds patience = 2s;
  std::promise<void> runs_again;
  auto clock = [&, here = std::this_thread::get_id(), stopped = false]() mutable {
    if (std::this_thread::get_id() != here) {
      return MonotonicTime(0s); // when the call begins
    }
    if (!std::exchange(stopped, true)) {
      runs_again.set_value();
    }
    return MonotonicTime(patience);
  };
  Lane lane([] { return std::make_unique<Connection>(); }, std::move(clock));
  const auto outcomes =
      make_calls(lane, {[running = runs_again.get_future().share()](Connection&) { running.wait(); }},
                 {.with_each = patience, .most_stuck = 1});
  CHECK(outcomes[0].made);
  CHECK(lane.stuck() == 0);
}

TEST_CASE("after disconnecting, calls are made through a new connection") {
  Library library;
  auto lane = library.lane();
  lane.disconnect();
  (void)make_calls(lane, {library.good(0)}, {.with_each = kDeadline, .most_stuck = 1});
  lane.disconnect();
  (void)make_calls(lane, {library.good(1)}, {.with_each = kDeadline, .most_stuck = 1});
  CHECK(*library.used == std::vector{1, 2, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a connection that hangs while it closes delays nobody") {
  struct Sticky {
    std::shared_future<void> released;
    std::shared_ptr<std::promise<void>> closed;
    Sticky(std::shared_future<void> future, std::shared_ptr<std::promise<void>> promise)
        : released(std::move(future)), closed(std::move(promise)) {}
    Sticky(const Sticky&) = delete;
    Sticky& operator=(const Sticky&) = delete;
    Sticky(Sticky&&) = delete;
    Sticky& operator=(Sticky&&) = delete;
    ~Sticky() {
      released.wait();
      closed->set_value();
    }
  };
  std::promise<void> release;
  const auto closed = std::make_shared<std::promise<void>>();
  {
    CallLane<Sticky> lane([released = release.get_future().share(), closed] {
      return std::make_unique<Sticky>(released, closed);
    });
    const auto outcomes =
        lane.make_calls(1, [](Sticky&, std::size_t) {}, {.with_each = kDeadline, .most_stuck = 1});
    CHECK(outcomes[0].made);
  }
  release.set_value();
  CHECK(closed->get_future().wait_for(kDeadline) == std::future_status::ready);
}

TEST_CASE("a call that hangs keeps its connection, and the calls after it are made through another one") {
  Library library;
  auto lane = library.lane();
  const auto outcomes = make_calls(lane, {library.good(0), library.hanging(), library.good(2)},
                                   {.with_each = kPatience, .most_stuck = 2});
  CHECK(outcomes[0].made);
  CHECK_FALSE(outcomes[1].made);
  REQUIRE(outcomes[1].stuck);
  CHECK_FALSE(*outcomes[1].stuck);
  CHECK(outcomes[2].made);
  CHECK(lane.stuck() == 1);
  (void)make_calls(lane, {library.good(3)}, {.with_each = kPatience, .most_stuck = 1});
  CHECK(*library.used == std::vector{1, 0, 2, 2, 0, 0, 0, 0});

  library.release.set_value();
  wait_until_none_is_stuck(lane);
  CHECK(*outcomes[1].stuck);
}

TEST_CASE("when as many calls are stuck as may be, the calls after them are not made") {
  Library library;
  auto lane = library.lane();
  const auto outcomes = make_calls(lane, {library.hanging(), library.hanging(), library.good(2)},
                                   {.with_each = kPatience, .most_stuck = 2});
  CHECK(outcomes[0].stuck);
  CHECK(outcomes[1].stuck);
  CHECK_FALSE(outcomes[2].made);
  CHECK_FALSE(outcomes[2].stuck);
  CHECK(library.connections == 2);
  CHECK(lane.stuck() == 2);
  library.release.set_value();
  wait_until_none_is_stuck(lane);
}

TEST_CASE("each call may take as long as the patience, however long all of them take") {
  Library library;
  auto lane = library.lane();
  const Call slow = [time = library.time](Connection&) { time.pass(kPatience - 1ns); };
  const auto outcomes = make_calls(lane, std::vector(100, slow), {.with_each = kPatience, .most_stuck = 1});
  for (const auto& outcome : outcomes) {
    CHECK(outcome.made);
  }
}

TEST_CASE("a call is not given up before it has begun, however late that is") {
  Library library;
  auto begun = std::make_shared<std::atomic<int>>(0);
  const Call hanging = [begun, released = library.released](Connection&) {
    ++*begun;
    released.wait();
  };
  // An hour passes each time that somebody looks.
  Lane lane([] { return std::make_unique<Connection>(); },
            [time = library.time] {
              time.pass(1h);
              return time();
            });
  for (unsigned stuck = 0; stuck < 200; stuck += 2) {
    const auto outcomes =
        make_calls(lane, {hanging, hanging, hanging}, {.with_each = kPatience, .most_stuck = 2});
    REQUIRE(outcomes[1].stuck);
    CHECK(lane.stuck() == stuck + 2);
  }
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (*begun != 200 && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(*begun == 200);
  library.release.set_value();
  wait_until_none_is_stuck(lane);
}

TEST_CASE("a call that returns just when its patience ends is either made or stuck, and not stuck for ever") {
  Lane lane([] { return std::make_unique<Connection>(); });
  for (int i = 0; i < 200; ++i) {
    const Call call = [i](Connection&) { std::this_thread::sleep_for(std::chrono::microseconds(900 + i)); };
    const auto outcomes = make_calls(lane, {call}, {.with_each = 1ms, .most_stuck = 1});
    CHECK(outcomes[0].made == (outcomes[0].stuck == nullptr));
  }
  wait_until_none_is_stuck(lane);
}

TEST_CASE("a stuck call may return after its lane was destroyed") {
  Library library;
  StuckCall stuck;
  {
    auto lane = library.lane();
    stuck =
        make_calls(lane, {library.hanging(), library.good(1)}, {.with_each = kPatience, .most_stuck = 1})[0]
            .stuck;
  }
  REQUIRE(stuck);
  library.release.set_value();
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!*stuck && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(*stuck);
  CHECK((*library.used)[1] == 0);
}

} // namespace sfa::common_call_lane_test
