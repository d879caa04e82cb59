#include "sflowovsd/plan.hpp"

#include <catch2/catch.hpp>

using namespace sfa;

namespace {

RowId id(std::uint32_t n) {
  return RowId{{n, 0, 0, 0}};
}

SflowColumns columns(std::int64_t sampling) {
  return {
      .agent = "10.0.0.1", .sampling = sampling, .polling = 20, .header = 128, .targets = {"10.0.0.2:6343"}};
}

const std::map<std::string, std::string> kOurs{{"managed-by", "sflowovsd"}};
const std::map<std::string, std::string> kForeign{{"owner", "neutron"}};

Goal on(std::int64_t sampling = 512) {
  return {.row = columns(sampling), .takeover = false};
}

BridgeState state(const Plan& plan, std::string_view name) {
  for (const auto& bridge : plan.bridges) {
    if (bridge.name == name) {
      return bridge.state;
    }
  }
  FAIL("no bridge " << name);
  return BridgeState::unknown;
}

// What the database holds after a plan was carried out and unreferenced rows were collected.
Snapshot apply(Snapshot database, const Plan& plan) {
  const RowId target = plan.row.value_or(id(999));
  if (!plan.row && plan.columns) {
    database.sflow_rows.push_back({target, {}, {}});
  }
  for (auto& row : database.sflow_rows) {
    if (row.id == target && plan.columns) {
      row.columns = *plan.columns;
    }
    if (row.id == target && plan.mark) {
      row.external_ids[kOwnerKey] = kOwner;
    }
  }
  for (std::size_t i = 0; i < database.bridges.size(); ++i) {
    if (plan.bridges[i].state == BridgeState::attach) {
      database.bridges[i].sflow = target;
    } else if (plan.bridges[i].state == BridgeState::detach) {
      database.bridges[i].sflow.reset();
    }
  }
  std::erase_if(database.sflow_rows, [&](const SflowRow& row) {
    return std::ranges::none_of(database.bridges,
                                [&](const BridgeRow& bridge) { return bridge.sflow == row.id; });
  });
  return database;
}

} // namespace

TEST_CASE("an empty database gets one row on every bridge") {
  const Snapshot database{
      .bridges = {{id(1), "br0", {}}, {id(2), "br1", {}}}, .sflow_rows = {}, .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(!decided.row);
  CHECK(decided.columns == columns(512));
  CHECK(decided.mark);
  CHECK(state(decided, "br0") == BridgeState::attach);
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("a database without bridges gets no row") {
  CHECK(plan({}, on()).empty());
}

TEST_CASE("a bridge added later is attached to the row that is there, which is not written again") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(512), kOurs}},
                          .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(decided.row == id(10));
  CHECK(!decided.columns);
  CHECK(!decided.mark);
  CHECK(state(decided, "br0") == BridgeState::ours);
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("a row edited by hand is corrected") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(3), kOurs}}, .ovs_version = {}};
  CHECK(plan(database, on()).columns == columns(512));
}

TEST_CASE("a row without external_ids is adopted: kept, corrected and marked") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), {}}},
                          .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(decided.row == id(10));
  CHECK(decided.mark);
  CHECK(decided.columns == columns(512));
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("a row with somebody else's external_ids is left alone and its bridge too") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), kForeign}},
                          .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(!decided.row);
  CHECK(state(decided, "br0") == BridgeState::foreign);
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("takeover replaces somebody else's row without writing into it") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(3), kForeign}}, .ovs_version = {}};
  Goal goal = on();
  goal.takeover = true;
  const Plan decided = plan(database, goal);
  CHECK(!decided.row);
  CHECK(decided.columns == columns(512));
  CHECK(state(decided, "br0") == BridgeState::attach);
}

TEST_CASE("our mark among other external_ids still makes the row ours") {
  auto ids = kForeign;
  ids.insert(kOurs.begin(), kOurs.end());
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(512), ids}}, .ovs_version = {}};
  CHECK(plan(database, on()).empty());
}

TEST_CASE("several rows of ours become one, the one with most bridges") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)},
                                      {id(2), "br1", id(11)},
                                      {id(3), "br2", id(11)},
                                      {id(4), "br3", id(12)}},
                          .sflow_rows = {{id(10), columns(512), kOurs},
                                         {id(11), columns(512), kOurs},
                                         {id(12), columns(512), {}}},
                          .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(decided.row == id(11));
  CHECK(state(decided, "br0") == BridgeState::attach);
  CHECK(state(decided, "br1") == BridgeState::ours);
  CHECK(state(decided, "br3") == BridgeState::attach);
  CHECK(apply(database, decided).sflow_rows.size() == 1);
}

TEST_CASE("off detaches our row everywhere and nobody else's") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(11)}, {id(3), "br2", id(12)}, {id(4), "br3", {}}},
      .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(3), kForeign}, {id(12), columns(3), {}}},
      .ovs_version = {}};
  const Plan decided = plan(database, Goal{});
  CHECK(state(decided, "br0") == BridgeState::detach);
  CHECK(state(decided, "br1") == BridgeState::foreign);
  CHECK(state(decided, "br2") == BridgeState::foreign);
  CHECK(state(decided, "br3") == BridgeState::off);
  CHECK(!decided.columns);
  CHECK(!decided.mark);
}

TEST_CASE("with nothing known nothing is changed") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), kOurs}},
                          .ovs_version = {}};
  const Plan decided = plan(database, std::nullopt);
  CHECK(decided.empty());
  CHECK(state(decided, "br1") == BridgeState::unknown);
}

TEST_CASE("after a plan was carried out there is nothing left to do") {
  // Every combination of a bridge's row over three bridges: none, ours, another of ours, unmarked, foreign.
  const std::vector<SflowRow> rows{{id(10), columns(512), kOurs},
                                   {id(11), columns(7), kOurs},
                                   {id(12), columns(8), {}},
                                   {id(13), columns(9), kForeign}};
  const std::vector<Goal> goals{on(), Goal{}, {.row = columns(1), .takeover = true}};
  for (const auto& goal : goals) {
    for (std::size_t combination = 0; combination < 125; ++combination) {
      Snapshot database{.bridges = {}, .sflow_rows = rows, .ovs_version = {}};
      std::size_t rest = combination;
      for (std::uint32_t bridge = 0; bridge < 3; ++bridge, rest /= 5) {
        const std::size_t row = rest % 5;
        database.bridges.push_back({id(bridge), "br" + std::to_string(bridge),
                                    row == 4 ? std::nullopt : std::optional(rows[row].id)});
      }
      std::erase_if(database.sflow_rows, [&](const SflowRow& row) {
        return std::ranges::none_of(database.bridges, [&](const BridgeRow& b) { return b.sflow == row.id; });
      });
      const Snapshot after = apply(database, plan(database, goal));
      CAPTURE(combination);
      CHECK(plan(after, goal).empty());
      const bool foreign_was =
          std::ranges::any_of(database.bridges, [](const auto& b) { return b.sflow == id(13); });
      const bool foreign_is =
          std::ranges::any_of(after.bridges, [](const auto& b) { return b.sflow == id(13); });
      CHECK(foreign_is == (foreign_was && !goal.takeover));
    }
  }
}
