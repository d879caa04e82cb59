#include "sflowovsd/status.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sfa::sflowovsd_status_test {

using namespace sflowovsd;

namespace {

const RowId kRow{{0x74c745b6, 0xf7ce42cc, 0xbecbd9d8, 0xa056cb9d}};
const SflowColumns kColumns{.agent = "10.0.0.1",
                            .sampling = 512,
                            .polling = 20,
                            .header = 128,
                            .targets = {"10.0.0.2:6343", "[::1]:6344"}};

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

SessionStatus example() {
  SessionStatus status;
  status.remote = "unix:/run/db.sock";
  status.connected = true;
  status.lock = Lock::held;
  status.rows = {{kRow, kColumns, 1}};
  status.bridges = {{"br0", BridgeState::sampled, at(0), kRow, ""},
                    {"br10", BridgeState::foreign, at(86400), std::nullopt, "odd"}};
  status.succeeded = 2;
  status.failed = 1;
  status.last_at = at(3600);
  status.last_change = "rows: 1 inserted";
  status.last_took = std::chrono::microseconds(789);
  return status;
}

const SharedFileStatus kFile{.path = "/run/hsflowd.auto", .revision = 7, .problem = ""};
const PortsFileStatus kPorts{
    .path = "/run/ports.json", .counts = PortCounts{.bridges = 2, .ports = 5, .guests = 3}, .problem = ""};

} // namespace

TEST_CASE("the table format has one line per fact, and a table of the bridges") {
  CHECK(status_text(example(), kFile, kPorts) ==
        "database: unix:/run/db.sock: connected\n"
        "lock: held\n"
        "shared file: /run/hsflowd.auto: revision 7\n"
        "ports file: /run/ports.json: 2 bridges, 5 ports, 3 with a guest\n"
        "transactions: 2 succeeded, 1 failed, 0 repeated; last 1970-01-01T01:00:00Z, took 789 us: rows: 1 "
        "inserted\n"
        "rows: 1\n"
        "  74c745b6-f7ce-42cc-becb-d9d8a056cb9d: 1 bridge, sampling 512, polling 20, header 128, agent "
        "10.0.0.1, "
        "targets 10.0.0.2:6343 [::1]:6344\n"
        "bridges: 2: 1 foreign, 1 sampled\n"
        "  BRIDGE  STATE         SINCE                 ROW\n"
        "  br0     sampled       1970-01-01T00:00:00Z  74c745b6-f7ce-42cc-becb-d9d8a056cb9d\n"
        "  br10    foreign       1970-01-02T00:00:00Z  -  (odd)\n");
}

TEST_CASE("the status shows errors") {
  SessionStatus status;
  status.remote = "tcp:192.0.2.1:6640";
  status.database_problem = "no such thing";
  status.cleared = true;
  status.last_failure = "constraint violation";
  CHECK(status_text(status, {.path = "/f", .revision = std::nullopt, .problem = "torn"},
                    {.path = "/p", .counts = std::nullopt, .problem = "full"}) ==
        "database: tcp:192.0.2.1:6640: not connected\n"
        "database problem: no such thing\n"
        "lock: not held, only watching\n"
        "shared file: /f: no settings, Open vSwitch is not changed (torn)\n"
        "ports file: /p: not written yet (full)\n"
        "cleared: off until sflow/resync\n"
        "transactions: 0 succeeded, 0 failed, 0 repeated\n"
        "last failure: constraint violation\n"
        "rows: 0\n"
        "bridges: 0\n");
}

TEST_CASE("the JSON format has the same facts") {
  const auto json = nlohmann::json::parse(status_json(example(), kFile, kPorts));
  CHECK(json["database"] ==
        nlohmann::json{
            {"remote", "unix:/run/db.sock"}, {"connected", true}, {"problem", nullptr}, {"lock", "held"}});
  CHECK(json["shared_file"]["revision"] == 7);
  CHECK(json["ports_file"] ==
        nlohmann::json{
            {"path", "/run/ports.json"}, {"bridges", 2}, {"ports", 5}, {"guests", 3}, {"problem", nullptr}});
  CHECK(json["transactions"]["succeeded"] == 2);
  CHECK(json["transactions"]["last_at"] == "1970-01-01T01:00:00Z");
  CHECK(json["transactions"]["last_took_us"] == 789);
  CHECK(json["counts"] == nlohmann::json{{"sampled", 1}, {"foreign", 1}});
  CHECK(json["rows"][0]["uuid"] == "74c745b6-f7ce-42cc-becb-d9d8a056cb9d");
  CHECK(json["rows"][0]["targets"] == nlohmann::json{"10.0.0.2:6343", "[::1]:6344"});
  CHECK(json["bridges"][1] == nlohmann::json{{"name", "br10"},
                                             {"state", "foreign"},
                                             {"since", "1970-01-02T00:00:00Z"},
                                             {"row", nullptr},
                                             {"problem", "odd"}});
}

TEST_CASE("the status shows that there is no ports file") {
  CHECK(status_text(example(), kFile, {}).find("\nports file: off\n") != std::string::npos);
  CHECK(nlohmann::json::parse(status_json(example(), kFile, {}))["ports_file"]["path"] == nullptr);
}

TEST_CASE("the status shows why there is no ports file") {
  const PortsFileStatus none{.path = "", .counts = std::nullopt, .problem = "not a local database"};
  CHECK(status_text(example(), kFile, none).find("\nports file: off (not a local database)\n") !=
        std::string::npos);
}

TEST_CASE("a bridge name that is not text does not break either format") {
  SessionStatus status = example();
  status.bridges[0].name = "br\n\xff";
  CHECK(status_text(status, kFile, kPorts).find("br\\x0a\\xff") != std::string::npos);
  CHECK_NOTHROW(nlohmann::json::parse(status_json(status, kFile, kPorts)));
}

TEST_CASE("a bridge keeps the time of its state until the state changes") {
  Plan plan;
  plan.rows = {{.id = kRow, .columns = kColumns}};
  plan.bridges = {{{}, "a", BridgeState::attaching}, {{}, "c", BridgeState::off}};
  const auto first = update_bridges({}, plan, at(1));
  REQUIRE(first.size() == 2);
  CHECK(first[0].since == at(1));
  CHECK(first[0].row == kRow);
  CHECK(!first[1].row);
  plan.bridges = {{{}, "a", BridgeState::sampled}, {{}, "b", BridgeState::off}, {{}, "c", BridgeState::off}};
  const auto second = update_bridges(first, plan, at(2));
  REQUIRE(second.size() == 3);
  CHECK(second[0].since == at(2));
  CHECK(second[1].since == at(2));
  CHECK(second[2].since == at(1));
}

TEST_CASE("the text of a plan lists every change") {
  Plan plan;
  CHECK(plan_text(plan) == "nothing to change\n");
  plan.rows = {{.id = kRow, .columns = kColumns},
               {.id = std::nullopt,
                .columns = {.agent = {}, .sampling = 64, .polling = {}, .header = {}, .targets = {"t"}},
                .write = true,
                .mark = true}};
  plan.bridges = {{{}, "br0", BridgeState::sampled, 0},
                  {{}, "br1", BridgeState::attaching, 0},
                  {{}, "br2", BridgeState::attaching, 1},
                  {{}, "br3", BridgeState::detaching},
                  {{}, "br4", BridgeState::foreign}};
  CHECK(
      plan_text(plan) ==
      "keep row 74c745b6-f7ce-42cc-becb-d9d8a056cb9d: sampling 512, polling 20, header 128, agent 10.0.0.1, "
      "targets 10.0.0.2:6343 [::1]:6344\n"
      "  attach br1\n"
      "insert row: sampling 64, targets t\n"
      "  attach br2\n"
      "detach br3\n");
  CHECK(plan_summary(plan) == "rows: 1 inserted, 0 updated; bridges: 2 attached, 1 detached");
}

} // namespace sfa::sflowovsd_status_test
