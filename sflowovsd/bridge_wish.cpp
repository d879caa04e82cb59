#include "sflowovsd/bridge_wish.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::sflowovsd {

namespace {

bool is_meant(const Goal& goal, const std::string& name) {
  return (goal.bridges.empty() || matches_any(goal.bridges, name)) && !matches_any(goal.exclude, name);
}

// external_ids:sflow. What is neither on nor off does not count.
bool switched_off(const BridgeRow& bridge, std::string& problem) {
  const auto& value = bridge.sflow_key;
  if (!value.empty() && !equal_ignoring_case(value, "on") && !equal_ignoring_case(value, "off")) {
    problem = fmt::format("external_ids:sflow: '{}' is neither on nor off", printable(value));
  }
  return equal_ignoring_case(value, "off");
}

// external_ids:sflow-sampling, or what applies without it.
std::int64_t sampling_of(const BridgeRow& bridge, std::int64_t standard, std::string& problem) {
  if (bridge.sflow_sampling_key.empty()) {
    return standard;
  }
  const auto sampling = parse_number<std::uint32_t>(bridge.sflow_sampling_key);
  if (!sampling || *sampling > kMaxSampling) {
    problem = fmt::format("external_ids:sflow-sampling: '{}' is not a number from 0 to {}",
                          printable(bridge.sflow_sampling_key), kMaxSampling);
    return standard;
  }
  return *sampling > 0 ? *sampling : kCountersOnly;
}

} // namespace

Wish wish(const Goal& goal, const BridgeRow& bridge) {
  Wish result;
  if (!goal.row) {
    return result;
  }
  if (!is_meant(goal, bridge.name)) {
    result.wanted = Wanted::excluded;
    return result;
  }
  const bool off = switched_off(bridge, result.problem);
  result.sampling = sampling_of(bridge, goal.row->sampling.value_or(0), result.problem);
  const bool nothing_left = result.sampling == kCountersOnly && goal.row->polling == 0;
  result.wanted = off || nothing_left ? Wanted::switched_off : Wanted::sflow;
  return result;
}

} // namespace sfa::sflowovsd
