#include "sflowovsd/plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace sfa {

namespace {

enum class Owner { foreign, nobody, us }; // from least to most wanted as the shared row

Owner owner_of(const SflowRow& row) {
  const auto mark = row.external_ids.find(kOwnerKey);
  if (mark != row.external_ids.end() && mark->second == kOwner) {
    return Owner::us;
  }
  return row.external_ids.empty() ? Owner::nobody : Owner::foreign;
}

using RowsById = std::map<RowId, const SflowRow*>;

// The row that is to serve all bridges: ours before an unmarked one, then the one with most bridges, then the
// lowest id, so that every run decides the same.
const SflowRow* shared_row(const Snapshot& database) {
  std::map<RowId, std::size_t> references;
  for (const auto& bridge : database.bridges) {
    if (bridge.sflow) {
      ++references[*bridge.sflow];
    }
  }
  const SflowRow* best = nullptr;
  const auto rank = [&](const SflowRow& row) { return std::tuple(owner_of(row), references[row.id]); };
  for (const auto& row : database.sflow_rows) {
    if (owner_of(row) == Owner::foreign) {
      continue;
    }
    if (best == nullptr || rank(row) > rank(*best) || (rank(row) == rank(*best) && row.id < best->id)) {
      best = &row;
    }
  }
  return best;
}

BridgeState state_when_on(const SflowRow* current, const SflowRow* shared, bool takeover) {
  if (current != nullptr && current == shared) {
    return BridgeState::ours;
  }
  if (current != nullptr && owner_of(*current) == Owner::foreign && !takeover) {
    return BridgeState::foreign;
  }
  return BridgeState::attach;
}

BridgeState state_when_off(const SflowRow* current) {
  if (current == nullptr) {
    return BridgeState::off;
  }
  // Off never adopts: a row without our mark was not put there by us.
  return owner_of(*current) == Owner::us ? BridgeState::detach : BridgeState::foreign;
}

BridgeState state_of(const SflowRow* current, const SflowRow* shared, const std::optional<Goal>& goal) {
  if (!goal) {
    return BridgeState::unknown;
  }
  return goal->row ? state_when_on(current, shared, goal->takeover) : state_when_off(current);
}

} // namespace

std::string RowId::to_string() const {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", parts[0], parts[1] >> 16, parts[1] & 0xffff,
                     parts[2] >> 16, parts[2] & 0xffff, parts[3]);
}

bool Plan::empty() const {
  return !columns && !mark && std::ranges::none_of(bridges, [](const BridgePlan& bridge) {
    return bridge.state == BridgeState::attach || bridge.state == BridgeState::detach;
  });
}

Plan plan(const Snapshot& database, const std::optional<Goal>& goal) {
  RowsById rows;
  for (const auto& row : database.sflow_rows) {
    rows.emplace(row.id, &row);
  }
  const SflowRow* shared = shared_row(database);
  Plan result;
  bool used = false;
  for (const auto& bridge : database.bridges) {
    const auto found = bridge.sflow ? rows.find(*bridge.sflow) : rows.end();
    const SflowRow* current = found != rows.end() ? found->second : nullptr;
    const BridgeState state = state_of(current, shared, goal);
    used = used || state == BridgeState::ours || state == BridgeState::attach;
    result.bridges.push_back({bridge.id, bridge.name, state});
  }
  if (shared != nullptr && (used || owner_of(*shared) == Owner::us)) {
    result.row = shared->id;
  }
  if (used) {
    result.mark = shared == nullptr || owner_of(*shared) != Owner::us;
    if (shared == nullptr || shared->columns != *goal->row) {
      result.columns = *goal->row;
    }
  }
  return result;
}

} // namespace sfa
