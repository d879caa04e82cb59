#include "sflowovsd/plan.hpp"

#include "sflowovsd/bridge_wish.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sfa::sflowovsd {

namespace {

enum class Owner { foreign, nobody, us }; // from least to most wanted

Owner owner_of(const SflowRow& row) {
  const auto mark = row.external_ids.find(kOwnerKey);
  if (mark != row.external_ids.end() && mark->second == kOwner) {
    return Owner::us;
  }
  return row.external_ids.empty() ? Owner::nobody : Owner::foreign;
}

BridgeState state_without_sflow(Wanted wanted, const SflowRow* current) {
  if (current != nullptr && owner_of(*current) == Owner::us) {
    return BridgeState::detach;
  }
  switch (wanted) {
  case Wanted::excluded:
    return BridgeState::excluded;
  case Wanted::switched_off:
    return BridgeState::switched_off;
  default:
    // Off never adopts: a row without our mark was not put there by us.
    return current == nullptr ? BridgeState::off : BridgeState::foreign;
  }
}

// The columns that the database can hold.
SflowColumns within(SflowColumns columns, const SflowSchema& schema) {
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

class Planner {
public:
  Planner(const Snapshot& database, const Goal& goal) : database_(database), goal_(goal) {
    for (const auto& row : database.sflow_rows) {
      rows_.emplace(row.id, &row);
    }
    for (const auto& bridge : database.bridges) {
      const auto found = bridge.sflow ? rows_.find(*bridge.sflow) : rows_.end();
      current_.push_back(found == rows_.end() ? nullptr : found->second);
      wishes_.push_back(wish(goal, bridge));
      if (current_.back() != nullptr && wishes_.back().wanted != Wanted::sflow) {
        of_others_.insert(current_.back());
      }
    }
  }

  Plan run() {
    Plan result;
    for (std::size_t i = 0; i < database_.bridges.size(); ++i) {
      const auto& bridge = database_.bridges[i];
      result.bridges.push_back({bridge.id, bridge.name, state_before_rows(i), 0, wishes_[i].problem});
    }
    for (const auto& [key, members] : groups(result)) {
      add_row(result, key.second, members);
    }
    return result;
  }

private:
  using Members = std::vector<std::size_t>; // indices of bridges
  // By sampling, the one of the settings first: it has the first choice among the rows that exist.
  using Groups = std::map<std::pair<bool, std::int64_t>, Members>;

  // `attach` for all that are to have a row of ours; whether they have it already is known with the row.
  [[nodiscard]] BridgeState state_before_rows(std::size_t i) const {
    if (wishes_[i].wanted != Wanted::sflow) {
      return state_without_sflow(wishes_[i].wanted, current_[i]);
    }
    const bool foreign = current_[i] != nullptr && owner_of(*current_[i]) == Owner::foreign;
    return foreign && !goal_.takeover ? BridgeState::foreign : BridgeState::attach;
  }

  [[nodiscard]] Groups groups(const Plan& plan) const {
    Groups result;
    for (std::size_t i = 0; i < plan.bridges.size(); ++i) {
      if (plan.bridges[i].state == BridgeState::attach) {
        const auto sampling = wishes_[i].sampling;
        result[{sampling != goal_.row->sampling, sampling}].push_back(i);
      }
    }
    return result;
  }

  // The existing row for a group: ours before an unmarked one, then the one that most of the group have, then
  // the lowest id, so that every run decides the same. Only a row that one of them has: so nothing moves to
  // and fro.
  [[nodiscard]] const SflowRow* choose(const Members& members) const {
    std::map<const SflowRow*, std::size_t> references;
    for (const auto i : members) {
      const auto* row = current_[i];
      const bool free = row != nullptr && !taken_.contains(row);
      if (free &&
          (owner_of(*row) == Owner::us || (owner_of(*row) == Owner::nobody && !of_others_.contains(row)))) {
        ++references[row];
      }
    }
    const auto rank = [](const auto& entry) { return std::pair(owner_of(*entry.first), entry.second); };
    const auto best = std::ranges::max_element(references, [&](const auto& a, const auto& b) {
      return rank(a) != rank(b) ? rank(a) < rank(b) : a.first->id > b.first->id;
    });
    return best == references.end() ? nullptr : best->first;
  }

  void add_row(Plan& result, std::int64_t sampling, const Members& members) {
    const SflowRow* existing = choose(members);
    taken_.insert(existing);
    RowPlan row;
    row.columns = *goal_.row;
    row.columns.sampling = sampling;
    row.columns = within(std::move(row.columns), database_.schema);
    row.bridges = members.size();
    row.write = existing == nullptr || existing->columns != row.columns;
    row.mark = database_.schema.external_ids && (existing == nullptr || owner_of(*existing) != Owner::us);
    if (existing != nullptr) {
      row.id = existing->id;
    }
    for (const auto i : members) {
      result.bridges[i].row = result.rows.size();
      if (existing != nullptr && current_[i] == existing) {
        result.bridges[i].state = BridgeState::ours;
      }
    }
    result.rows.push_back(std::move(row));
  }

  const Snapshot& database_;
  const Goal& goal_;
  std::map<RowId, const SflowRow*> rows_;
  std::vector<const SflowRow*> current_; // of each bridge; null = none
  std::vector<Wish> wishes_;             // of each bridge
  std::set<const SflowRow*> of_others_;  // on a bridge that is to be left alone
  std::set<const SflowRow*> taken_;      // by a group
};

} // namespace

std::string RowId::to_string() const {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", parts[0], parts[1] >> 16, parts[1] & 0xffff,
                     parts[2] >> 16, parts[2] & 0xffff, parts[3]);
}

bool Plan::empty() const {
  return std::ranges::none_of(rows, [](const RowPlan& row) { return row.write || row.mark; }) &&
         std::ranges::none_of(bridges, [](const BridgePlan& bridge) {
           return bridge.state == BridgeState::attach || bridge.state == BridgeState::detach;
         });
}

Plan plan(const Snapshot& database, const std::optional<Goal>& goal) {
  if (goal) {
    return Planner(database, *goal).run();
  }
  Plan result;
  for (const auto& bridge : database.bridges) {
    result.bridges.push_back({.bridge = bridge.id, .name = bridge.name});
  }
  return result;
}

} // namespace sfa::sflowovsd
