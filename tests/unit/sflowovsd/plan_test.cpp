#include "sflowovsd/plan.hpp"

#include "sflowovsd/bridge_wish.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

using namespace sfa;
using namespace sfa::sflowovsd;

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
  std::vector<RowId> ids;
  for (std::uint32_t i = 0; i < plan.rows.size(); ++i) {
    const auto& planned = plan.rows[i];
    ids.push_back(planned.id.value_or(id(900 + i)));
    if (!planned.id) {
      database.sflow_rows.push_back({ids.back(), {}, {}});
    }
    for (auto& row : database.sflow_rows) {
      if (row.id == ids.back() && planned.write) {
        row.columns = planned.columns;
      }
      if (row.id == ids.back() && planned.mark) {
        row.external_ids[kOwnerKey] = kOwner;
      }
    }
  }
  for (std::size_t i = 0; i < database.bridges.size(); ++i) {
    const auto& bridge = plan.bridges[i];
    if (bridge.state == BridgeState::attach) {
      database.bridges[i].sflow = ids.at(bridge.row);
    } else if (bridge.state == BridgeState::detach) {
      database.bridges[i].sflow.reset();
    }
  }
  std::erase_if(database.sflow_rows, [&](const SflowRow& row) {
    return std::ranges::none_of(database.bridges,
                                [&](const BridgeRow& bridge) { return bridge.sflow == row.id; });
  });
  return database;
}

// Of a plan with one row.
const RowPlan& row_of(const Plan& plan) {
  REQUIRE(plan.rows.size() == 1);
  return plan.rows[0];
}

} // namespace

TEST_CASE("an empty database gets one row on every bridge") {
  const Snapshot database{
      .bridges = {{id(1), "br0", {}}, {id(2), "br1", {}}}, .sflow_rows = {}, .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(!row_of(decided).id);
  CHECK(row_of(decided).columns == columns(512));
  CHECK(row_of(decided).write);
  CHECK(row_of(decided).mark);
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
  CHECK(row_of(decided).id == id(10));
  CHECK(!row_of(decided).write);
  CHECK(!row_of(decided).mark);
  CHECK(state(decided, "br0") == BridgeState::ours);
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("a row edited by hand is corrected") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(3), kOurs}}, .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(row_of(decided).write);
  CHECK(row_of(decided).columns == columns(512));
}

TEST_CASE("a row without external_ids is adopted: kept, corrected and marked") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), {}}},
                          .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(row_of(decided).id == id(10));
  CHECK(row_of(decided).mark);
  CHECK(row_of(decided).write);
  CHECK(row_of(decided).columns == columns(512));
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("a row with somebody else's external_ids is left alone and its bridge too") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), kForeign}},
                          .ovs_version = {}};
  const Plan decided = plan(database, on());
  CHECK(!row_of(decided).id);
  CHECK(state(decided, "br0") == BridgeState::foreign);
  CHECK(state(decided, "br1") == BridgeState::attach);
}

TEST_CASE("takeover replaces somebody else's row without writing into it") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(3), kForeign}}, .ovs_version = {}};
  Goal goal = on();
  goal.takeover = true;
  const Plan decided = plan(database, goal);
  CHECK(!row_of(decided).id);
  CHECK(row_of(decided).columns == columns(512));
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
  CHECK(row_of(decided).id == id(11));
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
  CHECK(decided.rows.empty());
}

TEST_CASE("with nothing known nothing is changed") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), kOurs}},
                          .ovs_version = {}};
  const Plan decided = plan(database, std::nullopt);
  CHECK(decided.empty());
  CHECK(state(decided, "br1") == BridgeState::unknown);
}

TEST_CASE("a bridge that the settings do not mean loses our row, and nobody else's is touched") {
  const Snapshot database{
      .bridges = {{id(1), "br-int", id(10)}, {id(2), "br-test1", id(10)}, {id(3), "br-test2", id(11)}},
      .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(3), {}}},
      .ovs_version = {}};
  Goal goal = on();
  goal.exclude = {"br-test*"};
  const Plan decided = plan(database, goal);
  CHECK(state(decided, "br-int") == BridgeState::ours);
  CHECK(state(decided, "br-test1") == BridgeState::detach);
  CHECK(state(decided, "br-test2") == BridgeState::excluded);
  CHECK(state(plan(apply(database, decided), goal), "br-test1") == BridgeState::excluded);
}

TEST_CASE("an unmarked row that an excluded bridge has as well is not adopted") {
  const Snapshot database{.bridges = {{id(1), "br-int", id(10)}, {id(2), "br-test", id(10)}},
                          .sflow_rows = {{id(10), columns(3), {}}},
                          .ovs_version = {}};
  Goal goal = on();
  goal.exclude = {"br-test"};
  const Plan decided = plan(database, goal);
  CHECK(!row_of(decided).id);
  CHECK(state(decided, "br-int") == BridgeState::attach);
  CHECK(state(decided, "br-test") == BridgeState::excluded);
}

TEST_CASE("a bridge switches itself off with external_ids:sflow") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(10)}},
                    .sflow_rows = {{id(10), columns(512), kOurs}},
                    .ovs_version = {}};
  database.bridges[1].sflow_key = "off";
  const Plan decided = plan(database, on());
  CHECK(state(decided, "br0") == BridgeState::ours);
  CHECK(state(decided, "br1") == BridgeState::detach);
  CHECK(state(plan(apply(database, decided), on()), "br1") == BridgeState::switched_off);
}

TEST_CASE("a bridge with a rate of its own has a row of its own, and bridges with the same rate share it") {
  Snapshot database{
      .bridges = {{id(1), "br0", {}}, {id(2), "br1", {}}, {id(3), "br2", {}}, {id(4), "br3", {}}},
      .sflow_rows = {},
      .ovs_version = {}};
  database.bridges[1].sflow_sampling_key = "64";
  database.bridges[2].sflow_sampling_key = "64";
  database.bridges[3].sflow_sampling_key = "0";
  const Plan decided = plan(database, on());
  REQUIRE(decided.rows.size() == 3);
  CHECK(decided.rows[0].columns == columns(512));
  CHECK(decided.rows[1].columns == columns(64));
  CHECK(decided.rows[2].columns == columns(kCountersOnly));
  const Snapshot after = apply(database, decided);
  CHECK(after.bridges[1].sflow == after.bridges[2].sflow);
  CHECK(after.bridges[0].sflow != after.bridges[1].sflow);
  CHECK(plan(after, on()).empty());
}

TEST_CASE("a row of its own is updated in place, and the shared one stays with the others") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(11)}},
                    .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(64), kOurs}},
                    .ovs_version = {}};
  database.bridges[1].sflow_sampling_key = "32";
  const Plan decided = plan(database, on());
  REQUIRE(decided.rows.size() == 2);
  CHECK(decided.rows[0].id == id(10));
  CHECK(!decided.rows[0].write);
  CHECK(decided.rows[1].id == id(11));
  CHECK(decided.rows[1].columns == columns(32));
}

TEST_CASE("what is wrong in a bridge's external_ids does not count and is named") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(10)}},
                    .sflow_rows = {{id(10), columns(512), kOurs}},
                    .ovs_version = {}};
  database.bridges[0].sflow_sampling_key = "10000001";
  database.bridges[1].sflow_key = "no way";
  const Plan decided = plan(database, on());
  CHECK(decided.empty());
  REQUIRE(decided.bridges.size() == 2);
  CHECK(decided.bridges[0].problem ==
        "external_ids:sflow-sampling: '10000001' is not a number from 0 to 10000000");
  CHECK(decided.bridges[1].problem == "external_ids:sflow: 'no way' is neither on nor off");
}

TEST_CASE("what an old database has no column for is neither written nor missed") {
  Snapshot database{.bridges = {{id(1), "br0", {}}},
                    .sflow_rows = {},
                    .ovs_version = {},
                    .schema = {.agent = false, .header = false, .external_ids = false}};
  const Plan decided = plan(database, on());
  CHECK(!row_of(decided).columns.agent);
  CHECK(!row_of(decided).columns.header);
  CHECK(row_of(decided).columns.polling == 20);
  CHECK(!row_of(decided).mark);
  CHECK(plan(apply(database, decided), on()).empty());
}

namespace {

// Random databases and goals, small enough that everything meets everything.
class Chance {
public:
  explicit Chance(unsigned seed) : random_(seed) {}

  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  Snapshot database() {
    static const std::vector<std::map<std::string, std::string>> kOwners{
        kOurs, kOurs, {}, kForeign, {{"managed-by", "somebody"}}, {{"managed-by", "sflowovsd"}, {"x", "y"}}};
    static const std::vector<std::string> kOnOff{"", "", "", "on", "OFF", "off", "maybe"};
    static const std::vector<std::string> kRates{"",   "",  "",   "512",        "64",
                                                 "32", "0", "-1", "4294967296", "many"};
    Snapshot result;
    const auto rows = static_cast<std::uint32_t>(below(5));
    for (std::uint32_t i = 0; i < rows; ++i) {
      result.sflow_rows.push_back({id(10 + i), columns(one_of<std::int64_t>({512, 64, 3})), one_of(kOwners)});
    }
    const auto bridges = static_cast<std::uint32_t>(below(7));
    for (std::uint32_t i = 0; i < bridges; ++i) {
      BridgeRow bridge{id(100 + i), (below(3) == 0 ? "test" : "br") + std::to_string(i), std::nullopt};
      if (rows > 0 && below(4) != 0) {
        bridge.sflow = id(10 + static_cast<std::uint32_t>(below(rows)));
      }
      bridge.sflow_key = one_of(kOnOff);
      bridge.sflow_sampling_key = one_of(kRates);
      result.bridges.push_back(std::move(bridge));
    }
    result.schema.external_ids = below(20) != 0;
    result.schema.header = below(20) != 0;
    if (!result.schema.external_ids || !result.schema.header) {
      for (auto& row : result.sflow_rows) {
        row.external_ids =
            result.schema.external_ids ? row.external_ids : std::map<std::string, std::string>{};
        row.columns.header = result.schema.header ? row.columns.header : std::nullopt;
      }
    }
    return apply(result, Plan{.rows = {}, .bridges = std::vector<BridgePlan>(result.bridges.size())});
  }

  Goal goal() {
    Goal result = below(5) == 0 ? Goal{} : on(one_of<std::int64_t>({512, 64}));
    result.takeover = below(3) == 0;
    result.bridges = one_of<std::vector<std::string>>({{}, {}, {"br*"}, {"br0", "test*"}, {"*"}});
    result.exclude = one_of<std::vector<std::string>>({{}, {}, {"test?"}, {"br1"}, {"*"}});
    if (result.row && below(4) == 0) {
      result.row->polling = 0;
    }
    return result;
  }

private:
  std::mt19937 random_;
};

bool is_ours(const SflowRow& row) {
  const auto mark = row.external_ids.find("managed-by");
  return mark != row.external_ids.end() && mark->second == "sflowovsd";
}

const SflowRow* find_row(const Snapshot& database, const std::optional<RowId>& id) {
  const auto found =
      std::ranges::find_if(database.sflow_rows, [&](const SflowRow& row) { return row.id == id; });
  return found == database.sflow_rows.end() ? nullptr : &*found;
}

// What a bridge must have at rest, given what it had.
void check_bridge(const BridgeRow& before, const BridgeRow& after, const Snapshot& old, const Snapshot& now,
                  const Goal& goal) {
  const SflowRow* had = find_row(old, before.sflow);
  const SflowRow* has = find_row(now, after.sflow);
  const bool marks = old.schema.external_ids;
  const bool had_foreign = had != nullptr && !had->external_ids.empty() && !is_ours(*had);
  const Wish wanted = wish(goal, before);
  if (wanted.wanted == Wanted::sflow && !(had_foreign && !goal.takeover)) {
    REQUIRE(has != nullptr);
    CHECK(is_ours(*has) == marks);
    CHECK(has->columns.sampling == wanted.sampling);
    CHECK(has->columns.targets == goal.row->targets);
  } else if (had != nullptr && is_ours(*had)) {
    CHECK(has == nullptr);
  } else {
    CHECK(after.sflow == before.sflow);
  }
}

} // namespace

TEST_CASE("from any database one plan leads to what is wanted, and no row of others is changed") {
  for (unsigned seed = 0; seed < 10000; ++seed) {
    CAPTURE(seed);
    Chance chance(seed);
    const Snapshot before = chance.database();
    const Goal goal = chance.goal();
    const Snapshot after = apply(before, plan(before, goal));
    CHECK(plan(after, goal).empty());
    std::set<std::optional<std::int64_t>> rates;
    for (const auto& row : after.sflow_rows) {
      const SflowRow* old = find_row(before, row.id);
      if (is_ours(row)) {
        CHECK(rates.insert(row.columns.sampling).second); // never two that hold the same
      } else if (before.schema.external_ids) {
        REQUIRE(old != nullptr);
        CHECK(row.columns == old->columns);
        CHECK(row.external_ids == old->external_ids);
      }
    }
    for (std::size_t i = 0; i < before.bridges.size(); ++i) {
      check_bridge(before.bridges[i], after.bridges[i], before, after, goal);
    }
  }
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
