#include "sflowovsd/damping.hpp"

#include <algorithm>
#include <string_view>

namespace sfa::sflowovsd {

namespace {

constexpr unsigned kAtOnce = 5;
constexpr std::chrono::seconds kFirst{1};
constexpr unsigned kDoublings = 3; // up to 8 s
constexpr std::chrono::seconds kRest{60};
constexpr std::string_view kProblem =
    "another client keeps changing its sFlow, which is repaired more slowly now";

} // namespace

void Damping::hold_back(Plan& plan, Time now) {
  std::erase_if(bridges_, [now](const auto& item) { return now >= item.second.last + kRest; });
  for (auto& row : plan.rows) {
    row.held = row.differs();
  }
  for (auto& bridge : plan.bridges) {
    const bool waits = is_held(bridge.name, now);
    bridge.held = bridge.differs() && waits;
    // A new row is for the bridges that get it. An existing one is repaired for those that have it.
    if (bridge.state == BridgeState::sampled ||
        (bridge.state == BridgeState::attaching && !plan.rows[bridge.row].id)) {
      plan.rows[bridge.row].held &= waits;
    }
  }
  report_fights(plan, now);
}

void Damping::report_fights(Plan& plan, Time now) {
  next_.reset();
  for (auto& bridge : plan.bridges) {
    const auto found = bridges_.find(bridge.name);
    if (found == bridges_.end()) {
      continue;
    }
    Changes& changes = found->second;
    changes.fight |= bridge.held || (bridge.state == BridgeState::sampled && plan.rows[bridge.row].held);
    if (changes.fight) {
      bridge.problem += bridge.problem.empty() ? "" : "; ";
      bridge.problem += kProblem;
      const auto again = now < changes.held_until ? changes.held_until : changes.last + kRest;
      next_ = std::min(next_.value_or(again), again);
    }
  }
}

void Damping::changed(const Plan& plan, Time now) {
  for (const auto& bridge : plan.bridges) {
    const auto* row = bridge.state == BridgeState::sampled ? &plan.rows[bridge.row] : nullptr;
    if ((bridge.differs() && !bridge.held) || (row != nullptr && row->differs() && !row->held)) {
      count(bridges_[bridge.name], now);
    }
  }
}

void Damping::count(Changes& changes, Time now) {
  ++changes.count;
  changes.last = now;
  if (changes.count >= kAtOnce) {
    changes.held_until = now + kFirst * (1 << std::min(changes.count - kAtOnce, kDoublings));
  }
}

bool Damping::is_held(const std::string& bridge, Time now) const {
  const auto found = bridges_.find(bridge);
  return found != bridges_.end() && now < found->second.held_until;
}

} // namespace sfa::sflowovsd
