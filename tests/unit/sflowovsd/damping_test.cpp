#include "sflowovsd/damping.hpp"

#include <catch2/catch.hpp>
#include <functional>

namespace sfa::sflowovsd_damping_test {

using namespace sflowovsd;
using namespace std::chrono_literals;
using Time = Damping::Time;

namespace {

RowId id(std::uint32_t n) {
  return RowId{{n, 0, 0, 0}};
}

// Bridges 0 and 1 have row 100. What differs is up to the caller.
Plan at_rest() {
  return {.rows = {{.id = id(100), .columns = {}}},
          .bridges = {{.id = id(0), .name = "br0", .state = BridgeState::sampled},
                      {.id = id(1), .name = "br1", .state = BridgeState::sampled}}};
}

Plan br0_without_row() {
  Plan plan = at_rest();
  plan.bridges[0].state = BridgeState::attaching;
  return plan;
}

Plan row_edited() {
  Plan plan = at_rest();
  plan.rows[0].write = true;
  return plan;
}

// One attempt to repair: true if it was made, not held.
bool repair(Damping& damping, Plan plan, Time now) {
  damping.hold_back(plan, now);
  if (plan.rests()) {
    return false;
  }
  damping.changed(plan, now);
  return true;
}

// The times of repairs, in ms, if somebody else needs 1 ms to undo each.
std::vector<long> repairs(Damping& damping, const std::function<Plan()>& undone, Time begin,
                          std::chrono::seconds duration) {
  std::vector<long> times;
  for (auto now = begin; now < begin + duration; now += 1ms) {
    if (repair(damping, undone(), now)) {
      times.push_back(static_cast<long>((now - begin) / 1ms));
    }
  }
  return times;
}

} // namespace

TEST_CASE("a bridge is repaired five times at once, then after 1 s, 2 s, 4 s and every 8 s") {
  const std::vector<long> expected{0, 1, 2, 3, 4, 1004, 3004, 7004, 15004, 23004, 31004};
  Damping cleared;
  CHECK(repairs(cleared, br0_without_row, Time{}, 35s) == expected);
  Damping edited;
  CHECK(repairs(edited, row_edited, Time{}, 35s) == expected);
}

TEST_CASE("a fight over one bridge slows down no other") {
  Damping damping;
  (void)repairs(damping, br0_without_row, Time{}, 10s);
  Plan plan = br0_without_row();
  plan.bridges.push_back({.id = id(2), .name = "br2", .state = BridgeState::attaching});
  plan.bridges.push_back({.id = id(3), .name = "br3", .state = BridgeState::detaching});
  damping.hold_back(plan, Time{} + 10s);
  CHECK(plan.bridges[0].held);
  CHECK(!plan.bridges[2].held);
  CHECK(!plan.bridges[3].held);
  CHECK(repair(damping, row_edited(), Time{} + 10s)); // br1 has the row too
}

TEST_CASE("a new bridge gets the row over which the others fight") {
  Damping damping;
  (void)repairs(damping, row_edited, Time{}, 10s);
  Plan plan = row_edited();
  plan.bridges.push_back({.id = id(2), .name = "br2", .state = BridgeState::attaching});
  damping.hold_back(plan, Time{} + 10s);
  CHECK(plan.rows[0].held);
  CHECK(!plan.bridges[2].held);
  CHECK(!plan.rests());
}

TEST_CASE("a new row waits if all the bridges that get it do") {
  Damping damping;
  const auto alone = [] {
    Plan plan = br0_without_row();
    plan.rows[0].id.reset();
    plan.rows[0].write = true;
    plan.bridges.pop_back();
    return plan;
  };
  CHECK(repairs(damping, alone, Time{}, 2s).size() == 6);
  Plan plan = alone();
  plan.bridges.push_back({.id = id(2), .name = "br2", .state = BridgeState::attaching});
  damping.hold_back(plan, Time{} + 2s);
  CHECK(plan.bridges[0].held);
  CHECK(!plan.rows[0].held);
}

TEST_CASE("the bridge of a fight has a problem until a minute has passed without a repair") {
  Damping damping;
  Plan plan = at_rest();
  damping.hold_back(plan, Time{});
  CHECK(!damping.next());
  (void)repairs(damping, br0_without_row, Time{}, 1s);
  plan = br0_without_row();
  plan.bridges[0].problem = "odd";
  damping.hold_back(plan, Time{} + 1s);
  CHECK(plan.bridges[0].problem ==
        "odd; another client keeps changing its sFlow, which is repaired more slowly now");
  CHECK(plan.bridges[1].problem.empty());
  CHECK(damping.next() == Time{} + 1004ms);
  plan = at_rest();
  damping.hold_back(plan, Time{} + 2s);
  CHECK(!plan.bridges[0].problem.empty());
  CHECK(damping.next() == Time{} + 60004ms);
  plan = at_rest();
  damping.hold_back(plan, *damping.next());
  CHECK(plan.bridges[0].problem.empty());
  CHECK(!damping.next());
  CHECK(repairs(damping, br0_without_row, Time{} + 61s, 1s).size() == 5);
}

TEST_CASE("changes that are made now and then do not make a fight") {
  Damping damping;
  for (auto now = Time{}; now < Time{} + 24h; now += 61s) {
    REQUIRE(repair(damping, br0_without_row(), now));
  }
  Plan plan = at_rest();
  damping.hold_back(plan, Time{} + 24h);
  CHECK(plan.bridges[0].problem.empty());
}

TEST_CASE("five changes within a moment, and then no more, are no fight") {
  Damping damping;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(repair(damping, br0_without_row(), Time{}));
  }
  Plan plan = at_rest();
  damping.hold_back(plan, Time{});
  CHECK(plan.bridges[0].problem.empty());
  CHECK(!damping.next());
}

TEST_CASE("after a start over nothing is held") {
  Damping damping;
  (void)repairs(damping, br0_without_row, Time{}, 10s);
  damping.start_over();
  CHECK(!damping.next());
  CHECK(repair(damping, br0_without_row(), Time{} + 10s));
}

} // namespace sfa::sflowovsd_damping_test
