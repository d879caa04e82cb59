#include "sflowovsd/plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

namespace sfa::sflowovsd_plan_test {

using namespace sflowovsd;

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

Want on(std::int64_t sampling = 512) {
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

// The database after a plan was carried out and the server deleted unreferenced rows.
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
    if (bridge.state == BridgeState::attaching) {
      database.bridges[i].sflow = ids.at(bridge.row);
    } else if (bridge.state == BridgeState::detaching) {
      database.bridges[i].sflow.reset();
    }
  }
  std::erase_if(database.sflow_rows, [&](const SflowRow& row) {
    return std::ranges::none_of(database.bridges,
                                [&](const BridgeRow& bridge) { return bridge.sflow == row.id; });
  });
  return database;
}

// The row of a plan that has one.
const Plan::Row& row_of(const Plan& plan) {
  REQUIRE(plan.rows.size() == 1);
  return plan.rows[0];
}

} // namespace

TEST_CASE("an empty database gets one row on every bridge") {
  const Snapshot database{
      .bridges = {{id(1), "br0", {}}, {id(2), "br1", {}}}, .sflow_rows = {}, .ovs_version = {}};
  const Plan changes = plan(database, on());
  CHECK(!row_of(changes).id);
  CHECK(row_of(changes).columns == columns(512));
  CHECK(row_of(changes).write);
  CHECK(row_of(changes).mark);
  CHECK(state(changes, "br0") == BridgeState::attaching);
  CHECK(state(changes, "br1") == BridgeState::attaching);
}

TEST_CASE("a database without bridges gets no row") {
  CHECK(plan({}, on()).empty());
}

TEST_CASE("a new bridge is attached to the existing row, which is not written again") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(512), kOurs}},
                          .ovs_version = {}};
  const Plan changes = plan(database, on());
  CHECK(row_of(changes).id == id(10));
  CHECK(!row_of(changes).write);
  CHECK(!row_of(changes).mark);
  CHECK(state(changes, "br0") == BridgeState::sampled);
  CHECK(state(changes, "br1") == BridgeState::attaching);
}

TEST_CASE("a row edited by hand is corrected") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(3), kOurs}}, .ovs_version = {}};
  const Plan changes = plan(database, on());
  CHECK(row_of(changes).write);
  CHECK(row_of(changes).columns == columns(512));
}

TEST_CASE("a row without external_ids is adopted: kept, corrected and marked") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), {}}},
                          .ovs_version = {}};
  const Plan changes = plan(database, on());
  CHECK(row_of(changes).id == id(10));
  CHECK(row_of(changes).mark);
  CHECK(row_of(changes).write);
  CHECK(row_of(changes).columns == columns(512));
  CHECK(state(changes, "br1") == BridgeState::attaching);
}

TEST_CASE("a row with other external_ids is left alone, and so is its bridge") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), kForeign}},
                          .ovs_version = {}};
  const Plan changes = plan(database, on());
  CHECK(!row_of(changes).id);
  CHECK(state(changes, "br0") == BridgeState::foreign);
  CHECK(state(changes, "br1") == BridgeState::attaching);
}

TEST_CASE("takeover replaces a row of another owner without writing to it") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(3), kForeign}}, .ovs_version = {}};
  Want want = on();
  want.takeover = true;
  const Plan changes = plan(database, want);
  CHECK(!row_of(changes).id);
  CHECK(row_of(changes).columns == columns(512));
  CHECK(state(changes, "br0") == BridgeState::attaching);
}

TEST_CASE("a row with our mark is ours, even if it has other external_ids too") {
  auto ids = kForeign;
  ids.insert(kOurs.begin(), kOurs.end());
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(512), ids}}, .ovs_version = {}};
  CHECK(plan(database, on()).empty());
}

TEST_CASE("several rows of ours are merged into the one with most bridges") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)},
                                      {id(2), "br1", id(11)},
                                      {id(3), "br2", id(11)},
                                      {id(4), "br3", id(12)}},
                          .sflow_rows = {{id(10), columns(512), kOurs},
                                         {id(11), columns(512), kOurs},
                                         {id(12), columns(512), {}}},
                          .ovs_version = {}};
  const Plan changes = plan(database, on());
  CHECK(row_of(changes).id == id(11));
  CHECK(state(changes, "br0") == BridgeState::attaching);
  CHECK(state(changes, "br1") == BridgeState::sampled);
  CHECK(state(changes, "br3") == BridgeState::attaching);
  CHECK(apply(database, changes).sflow_rows.size() == 1);
}

TEST_CASE("off detaches our row from every bridge, and no other row") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(11)}, {id(3), "br2", id(12)}, {id(4), "br3", {}}},
      .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(3), kForeign}, {id(12), columns(3), {}}},
      .ovs_version = {}};
  const Plan changes = plan(database, Want{});
  CHECK(state(changes, "br0") == BridgeState::detaching);
  CHECK(state(changes, "br1") == BridgeState::foreign);
  CHECK(state(changes, "br2") == BridgeState::foreign);
  CHECK(state(changes, "br3") == BridgeState::off);
  CHECK(changes.rows.empty());
}

TEST_CASE("without settings nothing is changed") {
  const Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}},
                          .sflow_rows = {{id(10), columns(3), kOurs}},
                          .ovs_version = {}};
  const Plan changes = plan(database, std::nullopt);
  CHECK(changes.empty());
  CHECK(state(changes, "br1") == BridgeState::unknown);
}

TEST_CASE("a bridge that is not selected loses our row, but keeps any other row") {
  const Snapshot database{
      .bridges = {{id(1), "br-int", id(10)}, {id(2), "br-test1", id(10)}, {id(3), "br-test2", id(11)}},
      .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(3), {}}},
      .ovs_version = {}};
  Want want = on();
  want.exclude = {"br-test*"};
  const Plan changes = plan(database, want);
  CHECK(state(changes, "br-int") == BridgeState::sampled);
  CHECK(state(changes, "br-test1") == BridgeState::detaching);
  CHECK(state(changes, "br-test2") == BridgeState::excluded);
  CHECK(state(plan(apply(database, changes), want), "br-test1") == BridgeState::excluded);
}

TEST_CASE("an unmarked row is not adopted if an excluded bridge has it too") {
  const Snapshot database{.bridges = {{id(1), "br-int", id(10)}, {id(2), "br-test", id(10)}},
                          .sflow_rows = {{id(10), columns(3), {}}},
                          .ovs_version = {}};
  Want want = on();
  want.exclude = {"br-test"};
  const Plan changes = plan(database, want);
  CHECK(!row_of(changes).id);
  CHECK(state(changes, "br-int") == BridgeState::attaching);
  CHECK(state(changes, "br-test") == BridgeState::excluded);
}

TEST_CASE("external_ids:sflow=off switches sFlow off on one bridge") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(10)}},
                    .sflow_rows = {{id(10), columns(512), kOurs}},
                    .ovs_version = {}};
  database.bridges[1].sflow_key = "off";
  const Plan changes = plan(database, on());
  CHECK(state(changes, "br0") == BridgeState::sampled);
  CHECK(state(changes, "br1") == BridgeState::detaching);
  CHECK(state(plan(apply(database, changes), on()), "br1") == BridgeState::switched_off);
}

TEST_CASE("bridges that set their own rate get a row of their own, one per rate") {
  Snapshot database{
      .bridges = {{id(1), "br0", {}}, {id(2), "br1", {}}, {id(3), "br2", {}}, {id(4), "br3", {}}},
      .sflow_rows = {},
      .ovs_version = {}};
  database.bridges[1].sflow_sampling_key = "64";
  database.bridges[2].sflow_sampling_key = "64";
  database.bridges[3].sflow_sampling_key = "0";
  const Plan changes = plan(database, on());
  REQUIRE(changes.rows.size() == 3);
  CHECK(changes.rows[0].columns == columns(512));
  CHECK(changes.rows[1].columns == columns(64));
  CHECK(changes.rows[2].columns == columns(kCountersOnly));
  const Snapshot after = apply(database, changes);
  CHECK(after.bridges[1].sflow == after.bridges[2].sflow);
  CHECK(after.bridges[0].sflow != after.bridges[1].sflow);
  CHECK(plan(after, on()).empty());
}

TEST_CASE("a bridge that changes its own rate keeps its row, and the other bridges keep theirs") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(11)}},
                    .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(64), kOurs}},
                    .ovs_version = {}};
  database.bridges[1].sflow_sampling_key = "32";
  const Plan changes = plan(database, on());
  REQUIRE(changes.rows.size() == 2);
  CHECK(changes.rows[0].id == id(10));
  CHECK(!changes.rows[0].write);
  CHECK(changes.rows[1].id == id(11));
  CHECK(changes.rows[1].columns == columns(32));
}

TEST_CASE("invalid external_ids of a bridge are ignored and reported") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(10)}},
                    .sflow_rows = {{id(10), columns(512), kOurs}},
                    .ovs_version = {}};
  database.bridges[0].sflow_sampling_key = "10000001";
  database.bridges[1].sflow_key = "no way";
  const Plan changes = plan(database, on());
  CHECK(changes.empty());
  REQUIRE(changes.bridges.size() == 2);
  CHECK(changes.bridges[0].problem ==
        "external_ids:sflow-sampling: '10000001' is not a number from 0 to 10000000");
  CHECK(changes.bridges[1].problem == "external_ids:sflow: 'no way' is neither on nor off");
}

TEST_CASE("a column that an old database does not have is not written, and its absence is no difference") {
  Snapshot database{.bridges = {{id(1), "br0", {}}},
                    .sflow_rows = {},
                    .ovs_version = {},
                    .schema = {.agent = false, .header = false, .external_ids = false}};
  const Plan changes = plan(database, on());
  CHECK(!row_of(changes).columns.agent);
  CHECK(!row_of(changes).columns.header);
  CHECK(row_of(changes).columns.polling == 20);
  CHECK(!row_of(changes).mark);
  CHECK(plan(apply(database, changes), on()).empty());
}

namespace {

// Random databases and settings, small enough that every combination occurs.
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
    return apply(result, Plan{.rows = {}, .bridges = std::vector<Plan::Bridge>(result.bridges.size())});
  }

  Want want() {
    Want result = below(5) == 0 ? Want{} : on(one_of<std::int64_t>({512, 64}));
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

// Checks what a bridge has after the plan, given what it had.
void check_bridge(const BridgeRow& before, const BridgeRow& after, const Snapshot& old, const Snapshot& now,
                  const Want& want) {
  const SflowRow* had = find_row(old, before.sflow);
  const SflowRow* has = find_row(now, after.sflow);
  const bool marks = old.schema.external_ids;
  const bool had_foreign = had != nullptr && !had->external_ids.empty() && !is_ours(*had);
  const BridgeWant wanted = want_for(before, want);
  if (wanted.state == BridgeState::sampled && !(had_foreign && !want.takeover)) {
    REQUIRE(has != nullptr);
    CHECK(is_ours(*has) == marks);
    CHECK(has->columns.sampling == wanted.sampling);
    CHECK(has->columns.targets == want.row->targets);
  } else if (had != nullptr && is_ours(*had)) {
    CHECK(has == nullptr);
  } else {
    CHECK(after.sflow == before.sflow);
  }
}

} // namespace

TEST_CASE("one plan leads from any database to the desired one, and changes no row of another owner") {
  for (unsigned seed = 0; seed < 10000; ++seed) {
    CAPTURE(seed);
    Chance chance(seed);
    const Snapshot before = chance.database();
    const Want want = chance.want();
    const Snapshot after = apply(before, plan(before, want));
    CHECK(plan(after, want).empty());
    std::set<std::optional<std::int64_t>> rates;
    for (const auto& row : after.sflow_rows) {
      const SflowRow* old = find_row(before, row.id);
      if (is_ours(row)) {
        CHECK(rates.insert(row.columns.sampling).second); // no two rows hold the same
      } else if (before.schema.external_ids) {
        REQUIRE(old != nullptr);
        CHECK(row.columns == old->columns);
        CHECK(row.external_ids == old->external_ids);
      }
    }
    for (std::size_t i = 0; i < before.bridges.size(); ++i) {
      check_bridge(before.bridges[i], after.bridges[i], before, after, want);
    }
  }
}

TEST_CASE("after a plan was carried out, the next plan is empty") {
  // Every combination of a bridge's row over three bridges: none, ours, another of ours, unmarked, foreign.
  const std::vector<SflowRow> rows{{id(10), columns(512), kOurs},
                                   {id(11), columns(7), kOurs},
                                   {id(12), columns(8), {}},
                                   {id(13), columns(9), kForeign}};
  const std::vector<Want> wants{on(), Want{}, {.row = columns(1), .takeover = true}};
  for (const auto& want : wants) {
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
      const Snapshot after = apply(database, plan(database, want));
      CAPTURE(combination);
      CHECK(plan(after, want).empty());
      const bool foreign_was =
          std::ranges::any_of(database.bridges, [](const auto& b) { return b.sflow == id(13); });
      const bool foreign_is =
          std::ranges::any_of(after.bridges, [](const auto& b) { return b.sflow == id(13); });
      CHECK(foreign_is == (foreign_was && !want.takeover));
    }
  }
}

TEST_CASE(
    "our row is chosen before an unmarked one of more bridges, and of equals the one with the lowest id") {
  const Snapshot mixed{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", id(11)}, {id(3), "br2", id(11)}},
                       .sflow_rows = {{id(10), columns(512), kOurs}, {id(11), columns(512), {}}},
                       .ovs_version = {}};
  CHECK(row_of(plan(mixed, on())).id == id(10));
  for (const auto& [first, second] : {std::pair(10U, 11U), std::pair(11U, 10U)}) {
    const Snapshot equals{.bridges = {{id(1), "br0", id(first)}, {id(2), "br1", id(second)}},
                          .sflow_rows = {{id(first), columns(512), kOurs}, {id(second), columns(512), kOurs}},
                          .ovs_version = {}};
    CHECK(row_of(plan(equals, on())).id == id(10));
  }
}

TEST_CASE("each column that a database does not have is left out, and no other") {
  const auto columns_with = [](const SflowSchema& schema) {
    const Snapshot database{
        .bridges = {{id(1), "br0", {}}}, .sflow_rows = {}, .ovs_version = {}, .schema = schema};
    return row_of(plan(database, on())).columns;
  };
  auto expected = columns(512);
  CHECK(columns_with({}) == expected);
  expected.agent.reset();
  CHECK(columns_with({.agent = false}) == expected);
  expected = columns(512);
  expected.sampling.reset();
  CHECK(columns_with({.sampling = false}) == expected);
  expected = columns(512);
  expected.polling.reset();
  CHECK(columns_with({.polling = false}) == expected);
  expected = columns(512);
  expected.header.reset();
  CHECK(columns_with({.header = false}) == expected);
}

TEST_CASE("a plan that only marks a row, or only detaches it, is not empty") {
  const Snapshot database{
      .bridges = {{id(1), "br0", id(10)}}, .sflow_rows = {{id(10), columns(512), {}}}, .ovs_version = {}};
  const Plan marks = plan(database, on());
  CHECK(!row_of(marks).write);
  CHECK(state(marks, "br0") == BridgeState::sampled);
  CHECK(!marks.empty());
  CHECK(!plan(apply(database, marks), Want{}).empty());
}

TEST_CASE("a row knows how many bridges have it or get it") {
  Snapshot database{.bridges = {{id(1), "br0", id(10)}, {id(2), "br1", {}}, {id(3), "br2", {}}},
                    .sflow_rows = {{id(10), columns(512), kOurs}},
                    .ovs_version = {}};
  database.bridges[2].sflow_sampling_key = "64";
  const Plan changes = plan(database, on());
  REQUIRE(changes.rows.size() == 2);
  CHECK(changes.rows[0].bridges == 2);
  CHECK(changes.rows[1].bridges == 1);
}

TEST_CASE(
    "of a plan, all changes but the first can be held: of existing rows, and of bridges with new rows") {
  const auto due = [](std::size_t most) {
    Plan plan{
        .rows = {{.id = std::nullopt, .columns = {}, .write = true},
                 {.id = id(1), .columns = {}, .write = true},
                 {.id = std::nullopt, .columns = {}, .write = true}},
        .bridges = {{.id = id(2), .name = "a", .state = BridgeState::attaching, .row = 0},
                    {.id = id(3), .name = "b", .state = BridgeState::sampled, .row = 1},
                    {.id = id(4), .name = "c", .state = BridgeState::detaching},
                    {.id = id(5), .name = "d", .state = BridgeState::attaching, .row = 2},
                    {.id = id(6), .name = "e", .state = BridgeState::attaching, .row = 2, .held = true}}};
    CHECK(plan.due_changes() == 4);
    plan.hold_all_but(most);
    CHECK(plan.due_changes() == std::min<std::size_t>(most, 4));
    std::string names;
    for (std::size_t i = 0; i < plan.rows.size(); ++i) {
      names += plan.rows[i].differs() && !plan.rows[i].held ? std::to_string(i) : "";
    }
    for (const auto& bridge : plan.bridges) {
      names += bridge.differs() && !bridge.held ? bridge.name : "";
    }
    return names;
  };
  CHECK(due(1) == "1");
  CHECK(due(2) == "01a");
  CHECK(due(3) == "01ac");
  CHECK(due(4) == "012acd");
  CHECK(due(100) == "012acd");
}

} // namespace sfa::sflowovsd_plan_test
