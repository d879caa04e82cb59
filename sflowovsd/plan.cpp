#include "sflowovsd/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// A bridge with the row that it has, or null, and what it should have.
struct HaveAndWant {
  const SflowRow* row;
  BridgeWant want;
};
using Members = std::vector<std::size_t>; // indices of bridges that are to share a row

bool is_ours(const SflowRow& row) {
  const auto mark = row.external_ids.find(kOwnerKey);
  return mark != row.external_ids.end() && mark->second == kOwner;
}

bool is_foreign(const SflowRow& row) {
  return !is_ours(row) && !row.external_ids.empty();
}

std::vector<HaveAndWant> gather(const Snapshot& have, const Want& want) {
  std::map<RowId, const SflowRow*> rows;
  for (const auto& row : have.sflow_rows) {
    rows.emplace(row.id, &row);
  }
  std::vector<HaveAndWant> result;
  result.reserve(have.bridges.size());
  for (const auto& bridge : have.bridges) {
    const auto row = bridge.sflow ? rows.find(*bridge.sflow) : rows.end();
    result.push_back({row == rows.end() ? nullptr : row->second, want_for(bridge, want)});
  }
  return result;
}

// `attaching` for every bridge that should have a row of ours; plan() finds out which have it already.
BridgeState next_state(const HaveAndWant& bridge, bool takeover) {
  if (bridge.want.state == BridgeState::sampled) {
    const bool keep = bridge.row != nullptr && is_foreign(*bridge.row) && !takeover;
    return keep ? BridgeState::foreign : BridgeState::attaching;
  }
  if (bridge.row != nullptr && is_ours(*bridge.row)) {
    return BridgeState::detaching;
  }
  // While sFlow is off, an unmarked row is not ours either: sflowovsd did not create it.
  return bridge.want.state == BridgeState::off && bridge.row != nullptr ? BridgeState::foreign
                                                                        : bridge.want.state;
}

// Rows that are not ours and that we may not adopt.
std::set<const SflowRow*> rows_of_others(const std::vector<HaveAndWant>& bridges) {
  std::set<const SflowRow*> result;
  for (const auto& [row, want] : bridges) {
    if (row != nullptr && !is_ours(*row) && (is_foreign(*row) || want.state != BridgeState::sampled)) {
      result.insert(row);
    }
  }
  return result;
}

// The existing row that the members will share, or null: ours before an unmarked one, then the row that most
// members have, then the lowest id. It is always the row of a member, so that no two groups swap their rows.
const SflowRow* choose_row(const std::vector<HaveAndWant>& bridges, const Members& members,
                           const std::set<const SflowRow*>& unavailable) {
  std::map<const SflowRow*, std::size_t> counts;
  for (const auto i : members) {
    if (bridges[i].row != nullptr && !unavailable.contains(bridges[i].row)) {
      ++counts[bridges[i].row];
    }
  }
  const auto best = std::ranges::max_element(counts, [](const auto& a, const auto& b) {
    return std::tuple(is_ours(*a.first), a.second, b.first->id) <
           std::tuple(is_ours(*b.first), b.second, a.first->id);
  });
  return best == counts.end() ? nullptr : best->first;
}

// The columns that the database has.
SflowColumns existing_columns(SflowColumns columns, const SflowSchema& schema) {
  const auto drop = [](auto& column, bool exists) {
    if (!exists) {
      column.reset();
    }
  };
  drop(columns.agent, schema.agent);
  drop(columns.sampling, schema.sampling);
  drop(columns.polling, schema.polling);
  drop(columns.header, schema.header);
  return columns;
}

Plan::Row plan_row(const SflowRow* existing, SflowColumns columns, const SflowSchema& schema) {
  Plan::Row row;
  row.columns = existing_columns(std::move(columns), schema);
  row.write = existing == nullptr || existing->columns != row.columns;
  row.mark = schema.external_ids && (existing == nullptr || !is_ours(*existing));
  if (existing != nullptr) {
    row.id = existing->id;
  }
  return row;
}

} // namespace

bool Plan::empty() const {
  return std::ranges::none_of(rows, &Row::differs) && std::ranges::none_of(bridges, &Bridge::differs);
}

bool Plan::rests() const {
  const auto is_due = [](const auto& item) { return item.differs() && !item.held; };
  return std::ranges::none_of(rows, is_due) && std::ranges::none_of(bridges, is_due);
}

std::size_t Plan::due_changes() const {
  const auto is_due = [](const auto& item) { return item.differs() && !item.held; };
  return static_cast<std::size_t>(
      std::ranges::count_if(rows, [&](const Row& row) { return row.id && is_due(row); }) +
      std::ranges::count_if(bridges, is_due));
}

void Plan::hold_all_but(std::size_t most) {
  const auto hold_beyond = [&most](auto& item) {
    if (item.differs() && !item.held) {
      item.held = most == 0;
      most -= most > 0 ? 1 : 0;
    }
  };
  for (auto& row : rows) {
    if (row.id) {
      hold_beyond(row);
    } else {
      row.held = true;
    }
  }
  for (auto& bridge : bridges) {
    hold_beyond(bridge);
    if (bridge.state == BridgeState::attaching && !bridge.held && !rows[bridge.row].id) {
      rows[bridge.row].held = false;
    }
  }
}

Plan plan(const Snapshot& have, const std::optional<Want>& want) {
  Plan result;
  for (const auto& bridge : have.bridges) {
    result.bridges.push_back({.id = bridge.id, .name = bridge.name});
  }
  if (!want) {
    return result;
  }

  // Gather: the bridges, and the groups of those that share a row, by sampling. The rate of the settings
  // comes first, so that it has the first choice among the existing rows.
  const auto bridges = gather(have, *want);
  std::map<std::pair<bool, std::int64_t>, Members> groups;
  for (std::size_t i = 0; i < bridges.size(); ++i) {
    auto& bridge = result.bridges[i];
    bridge.state = next_state(bridges[i], want->takeover);
    bridge.problem = bridges[i].want.problem;
    if (bridge.state == BridgeState::attaching) {
      const auto sampling = bridges[i].want.sampling;
      groups[{sampling != want->row->sampling, sampling}].push_back(i);
    }
  }

  // Keep or add a row for each group.
  auto unavailable = rows_of_others(bridges);
  for (const auto& [key, members] : groups) {
    const SflowRow* existing = choose_row(bridges, members, unavailable);
    unavailable.insert(existing);
    auto columns = *want->row;
    columns.sampling = key.second;
    auto row = plan_row(existing, std::move(columns), have.schema);
    row.bridges = members.size();
    for (const auto i : members) {
      result.bridges[i].row = result.rows.size();
      if (existing != nullptr && bridges[i].row == existing) {
        result.bridges[i].state = BridgeState::sampled;
      }
    }
    result.rows.push_back(std::move(row));
  }
  return result;
}

} // namespace sfa::sflowovsd
