#include "sflowovsd/want.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::sflowovsd {

namespace {

std::string target(const Collector& collector) {
  const std::string address = collector.address.to_string();
  return fmt::format(fmt::runtime(collector.address.is_v4() ? "{}:{}" : "[{}]:{}"), address, collector.port);
}

// ovs-vswitchd accepts an IP address in `agent` since 2.10 (its NEWS), and only a device before. An unknown
// version counts as a new one.
bool accepts_agent_address(std::string_view ovs_version) {
  const auto parts = split(ovs_version, ".");
  if (parts.size() < 2) {
    return true;
  }
  const auto major = parse_number<int>(parts[0]).value_or(3);
  const auto minor = parse_number<int>(parts[1]).value_or(0);
  return major > 2 || (major == 2 && minor >= 10);
}

bool is_selected(const Want& want, const std::string& name) {
  return (want.bridges.empty() || matches_any(want.bridges, name)) && !matches_any(want.exclude, name);
}

// external_ids:sflow. Values other than on and off are ignored.
bool is_switched_off(const BridgeRow& bridge, std::string& problem) {
  const auto& value = bridge.sflow_key;
  if (!value.empty() && !equal_ignoring_case(value, "on") && !equal_ignoring_case(value, "off")) {
    problem = fmt::format("external_ids:sflow: '{}' is neither on nor off", printable(value));
  }
  return equal_ignoring_case(value, "off");
}

// external_ids:sflow-sampling, or `standard` if it is not set or invalid.
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

Want want(const Settings& settings, std::string_view ovs_version) {
  Want result{
      .takeover = settings.ovs_takeover, .bridges = settings.ovs_bridges, .exclude = settings.ovs_exclude};
  if (settings.sampling == 0 && settings.polling.count() == 0) {
    return result;
  }
  SflowColumns row;
  for (const auto& collector : settings.collectors) {
    if (collector.network_namespace.empty() && collector.device.empty()) {
      row.targets.push_back(target(collector));
    } else {
      result.left_out.push_back(collector);
    }
  }
  if (row.targets.empty()) {
    return result;
  }
  row.sampling = settings.sampling > 0 ? settings.sampling : kCountersOnly;
  row.polling = settings.polling.count();
  row.header = settings.header_bytes;
  if (accepts_agent_address(ovs_version) && settings.agent_ip) {
    row.agent = settings.agent_ip->to_string();
  } else if (!accepts_agent_address(ovs_version) && !settings.agent_device.empty()) {
    row.agent = settings.agent_device;
  }
  std::ranges::sort(row.targets);
  row.targets.erase(std::unique(row.targets.begin(), row.targets.end()), row.targets.end());
  result.row = std::move(row);
  return result;
}

BridgeWant want_for(const BridgeRow& bridge, const Want& want) {
  BridgeWant result;
  if (!want.row) {
    return result;
  }
  if (!is_selected(want, bridge.name)) {
    result.state = BridgeState::excluded;
    return result;
  }
  const bool off = is_switched_off(bridge, result.problem);
  result.sampling = sampling_of(bridge, want.row->sampling.value_or(0), result.problem);
  const bool exports_nothing = result.sampling == kCountersOnly && want.row->polling == 0;
  result.state = off || exports_nothing ? BridgeState::switched_off : BridgeState::sampled;
  return result;
}

} // namespace sfa::sflowovsd
