#include "sflowovsd/status.hpp"

#include "common/json.hpp"
#include "common/text.hpp"

#include <algorithm>
#include <array>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

namespace sfa::sflowovsd {

namespace {

using Out = std::back_insert_iterator<std::string>;

std::string time_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

// In the order of BridgeState.
constexpr std::array<std::string_view, 8> kStateNames{"sampled", "attaching", "detaching",    "foreign",
                                                      "off",     "excluded",  "switched-off", "unknown"};

std::map<std::string_view, std::size_t> counts(const std::vector<BridgeStatus>& bridges) {
  std::map<std::string_view, std::size_t> result;
  for (const auto& bridge : bridges) {
    ++result[state_name(bridge.state)];
  }
  return result;
}

std::string id_text(const std::optional<RowId>& id) {
  return id ? id->to_string() : "new";
}

std::string columns_text(const SflowColumns& columns) {
  std::string text;
  const auto add = [&](std::string_view name, const auto& value) {
    if (value) {
      text += fmt::format("{} {}, ", name, *value);
    }
  };
  add("sampling", columns.sampling);
  add("polling", columns.polling);
  add("header", columns.header);
  add("agent", columns.agent);
  return text + fmt::format("targets {}", fmt::join(columns.targets, " "));
}

void add_bridges(Out out, const std::vector<BridgeStatus>& bridges) {
  std::size_t width = std::string_view("BRIDGE").size();
  for (const auto& bridge : bridges) {
    width = std::max(width, printable(bridge.name).size());
  }
  if (!bridges.empty()) {
    fmt::format_to(out, "  {:{}}  {:12}  {:20}  {}\n", "BRIDGE", width, "STATE", "SINCE", "ROW");
  }
  for (const auto& bridge : bridges) {
    std::string last = bridge.row ? bridge.row->to_string() : "-";
    if (!bridge.problem.empty()) {
      last += fmt::format("  ({})", bridge.problem);
    }
    fmt::format_to(out, "  {:{}}  {:12}  {}  {}\n", printable(bridge.name), width, state_name(bridge.state),
                   time_text(bridge.since), last);
  }
}

std::string transactions_text(const SessionStatus& session) {
  std::string text = fmt::format("{} succeeded, {} failed, {} repeated", session.succeeded, session.failed,
                                 session.repeated);
  if (session.last_at) {
    fmt::format_to(std::back_inserter(text), "; last {}, took {} us: {}", time_text(*session.last_at),
                   session.last_took.count(), session.last_change);
  }
  return text;
}

std::string shared_file_text(const SharedFileStatus& file) {
  const std::string content =
      file.revision ? fmt::format("revision {}", *file.revision) : "no settings, Open vSwitch is not changed";
  return fmt::format("{}: {}{}", file.path, content,
                     file.problem.empty() ? "" : fmt::format(" ({})", file.problem));
}

std::string ports_file_text(const PortsFileStatus& file) {
  const std::string problem = file.problem.empty() ? "" : fmt::format(" ({})", file.problem);
  if (file.path.empty()) {
    return "off" + problem;
  }
  const std::string content = file.counts
                                  ? fmt::format("{} bridges, {} ports, {} with a guest", file.counts->bridges,
                                                file.counts->ports, file.counts->guests)
                                  : "not written yet";
  return fmt::format("{}: {}{}", file.path, content, problem);
}

Json ports_file_json(const PortsFileStatus& file) {
  Json json{{"path", file.path.empty() ? Json(nullptr) : Json(file.path)},
            {"bridges", nullptr},
            {"ports", nullptr},
            {"guests", nullptr},
            {"problem", file.problem.empty() ? Json(nullptr) : Json(file.problem)}};
  if (file.counts) {
    json["bridges"] = file.counts->bridges;
    json["ports"] = file.counts->ports;
    json["guests"] = file.counts->guests;
  }
  return json;
}

Json or_null(const auto& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json row_json(const RowStatus& row) {
  return {{"uuid", row.id ? Json(row.id->to_string()) : Json(nullptr)},
          {"bridges", row.bridges},
          {"agent", or_null(row.columns.agent)},
          {"sampling", or_null(row.columns.sampling)},
          {"polling", or_null(row.columns.polling)},
          {"header", or_null(row.columns.header)},
          {"targets", row.columns.targets}};
}

Json bridge_json(const BridgeStatus& bridge) {
  return {{"name", bridge.name},
          {"state", state_name(bridge.state)},
          {"since", time_text(bridge.since)},
          {"row", bridge.row ? Json(bridge.row->to_string()) : Json(nullptr)},
          {"problem", or_null(bridge.problem)}};
}

Json pattern_json(const UnmatchedPattern& unmatched) {
  Json json{{"option", unmatched.option}, {"pattern", unmatched.pattern}, {"fake_bridge", nullptr}};
  if (const auto& fake = unmatched.fake) {
    json["fake_bridge"] = {{"name", fake->name}, {"parent", fake->parent}, {"vlan", fake->vlan}};
  }
  return json;
}

std::string change_text(const Plan::Row& row) {
  if (!row.id) {
    return "insert row";
  }
  return fmt::format("{} row {}", row.write ? "update" : (row.mark ? "mark" : "keep"), row.id->to_string());
}

} // namespace

std::string_view state_name(BridgeState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::vector<BridgeStatus> update_bridges(const std::vector<BridgeStatus>& before, const Plan& plan,
                                         WallTime now) {
  std::vector<BridgeStatus> result;
  result.reserve(plan.bridges.size());
  auto old = before.begin();
  for (const auto& bridge : plan.bridges) {
    while (old != before.end() && old->name < bridge.name) {
      ++old;
    }
    const bool same = old != before.end() && old->name == bridge.name && old->state == bridge.state;
    const bool has_row = bridge.state == BridgeState::sampled || bridge.state == BridgeState::attaching;
    result.push_back({bridge.name, bridge.state, same ? old->since : now,
                      has_row ? plan.rows.at(bridge.row).id : std::nullopt, bridge.problem});
  }
  return result;
}

std::string status_text(const SessionStatus& session, const SharedFileStatus& file,
                        const PortsFileStatus& ports_file) {
  std::string text;
  const Out out(text);
  fmt::format_to(out, "database: {}: {}\n", session.remote,
                 session.connected ? "connected" : "not connected");
  if (!session.database_problem.empty()) {
    fmt::format_to(out, "database problem: {}\n", session.database_problem);
  }
  fmt::format_to(out, "lock: {}\n", session.lock == Lock::held ? "held" : "not held, only watching");
  fmt::format_to(out, "shared file: {}\n", shared_file_text(file));
  fmt::format_to(out, "ports file: {}\n", ports_file_text(ports_file));
  if (session.cleared) {
    fmt::format_to(out, "cleared: off until sflow/resync\n");
  }
  fmt::format_to(out, "transactions: {}\n", transactions_text(session));
  if (!session.last_failure.empty()) {
    fmt::format_to(out, "last failure: {}\n", session.last_failure);
  }
  for (const auto& pattern : session.unmatched_patterns) {
    fmt::format_to(out, "pattern: {}\n", pattern_text(pattern));
  }
  fmt::format_to(out, "rows: {}\n", session.rows.size());
  for (const auto& row : session.rows) {
    fmt::format_to(out, "  {}: {} {}, {}\n", id_text(row.id), row.bridges,
                   row.bridges == 1 ? "bridge" : "bridges", columns_text(row.columns));
  }
  fmt::format_to(out, "bridges: {}", session.bridges.size());
  std::string_view separator = ": ";
  for (const auto& [state, count] : counts(session.bridges)) {
    fmt::format_to(out, "{}{} {}", separator, count, state);
    separator = ", ";
  }
  text += '\n';
  add_bridges(out, session.bridges);
  return text;
}

std::string status_json(const SessionStatus& session, const SharedFileStatus& file,
                        const PortsFileStatus& ports_file) {
  Json json{{"database",
             {{"remote", session.remote},
              {"connected", session.connected},
              {"problem", or_null(session.database_problem)},
              {"lock", session.lock == Lock::held ? "held" : "waiting"}}},
            {"shared_file",
             {{"path", file.path}, {"revision", or_null(file.revision)}, {"problem", or_null(file.problem)}}},
            {"ports_file", ports_file_json(ports_file)},
            {"cleared", session.cleared},
            {"transactions",
             {{"succeeded", session.succeeded},
              {"failed", session.failed},
              {"repeated", session.repeated},
              {"last_at", session.last_at ? Json(time_text(*session.last_at)) : Json(nullptr)},
              {"last_change", or_null(session.last_change)},
              {"last_took_us", session.last_took.count()},
              {"last_failure", or_null(session.last_failure)}}},
            {"counts", counts(session.bridges)},
            {"unmatched_patterns", Json::array()},
            {"rows", Json::array()},
            {"bridges", Json::array()}};
  for (const auto& pattern : session.unmatched_patterns) {
    json["unmatched_patterns"].push_back(pattern_json(pattern));
  }
  for (const auto& row : session.rows) {
    json["rows"].push_back(row_json(row));
  }
  for (const auto& bridge : session.bridges) {
    json["bridges"].push_back(bridge_json(bridge));
  }
  // A name may contain any bytes. Those that are not UTF-8 are replaced.
  return format_json(json);
}

std::string plan_text(const Plan& plan) {
  if (plan.empty()) {
    return "nothing to change\n";
  }
  std::string text;
  const Out out(text);
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    const auto& row = plan.rows[i];
    const auto attached = [i](const Plan::Bridge& bridge) {
      return bridge.state == BridgeState::attaching && bridge.row == i;
    };
    if (!row.differs() && std::ranges::none_of(plan.bridges, attached)) {
      continue;
    }
    fmt::format_to(out, "{}: {}\n", change_text(row), columns_text(row.columns));
    for (const auto& bridge : plan.bridges) {
      if (attached(bridge)) {
        fmt::format_to(out, "  attach {}\n", printable(bridge.name));
      }
    }
  }
  for (const auto& bridge : plan.bridges) {
    if (bridge.state == BridgeState::detaching) {
      fmt::format_to(out, "detach {}\n", printable(bridge.name));
    }
  }
  return text;
}

std::string plan_summary(const Plan& plan) {
  std::size_t inserted = 0;
  std::size_t updated = 0;
  for (const auto& row : plan.rows) {
    if (row.differs() && !row.held) {
      ++(row.id ? updated : inserted);
    }
  }
  const auto count = [&](BridgeState state) {
    return std::ranges::count_if(
        plan.bridges, [state](const Plan::Bridge& bridge) { return bridge.state == state && !bridge.held; });
  };
  return fmt::format("rows: {} inserted, {} updated; bridges: {} attached, {} detached", inserted, updated,
                     count(BridgeState::attaching), count(BridgeState::detaching));
}

} // namespace sfa::sflowovsd
