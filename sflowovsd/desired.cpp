#include "sflowovsd/desired.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::sflowovsd {

namespace {

std::string target(const Collector& collector) {
  const std::string address = collector.address.to_string();
  return fmt::format(fmt::runtime(collector.address.is_v4() ? "{}:{}" : "[{}]:{}"), address, collector.port);
}

// ovs-vswitchd takes an IP address in `agent` from 2.10 on (its NEWS); before, it takes a device only. A
// version that is not known is taken for a new one.
bool takes_agent_address(std::string_view ovs_version) {
  const auto parts = split(ovs_version, ".");
  if (parts.size() < 2) {
    return true;
  }
  const auto major = parse_number<int>(parts[0]).value_or(3);
  const auto minor = parse_number<int>(parts[1]).value_or(0);
  return major > 2 || (major == 2 && minor >= 10);
}

} // namespace

Goal desired(const Settings& settings, std::string_view ovs_version) {
  Goal goal{.row = std::nullopt,
            .takeover = settings.ovs_takeover,
            .bridges = settings.ovs_bridges,
            .exclude = settings.ovs_exclude};
  if (settings.sampling == 0 && settings.polling.count() == 0) {
    return goal;
  }
  SflowColumns row;
  for (const auto& collector : settings.collectors) {
    if (collector.network_namespace.empty() && collector.device.empty()) {
      row.targets.push_back(target(collector));
    } else {
      goal.left_out.push_back(collector);
    }
  }
  if (row.targets.empty()) {
    return goal;
  }
  row.sampling = settings.sampling > 0 ? settings.sampling : kCountersOnly;
  row.polling = settings.polling.count();
  row.header = settings.header_bytes;
  if (takes_agent_address(ovs_version) && settings.agent_ip) {
    row.agent = settings.agent_ip->to_string();
  } else if (!takes_agent_address(ovs_version) && !settings.agent_device.empty()) {
    row.agent = settings.agent_device;
  }
  std::ranges::sort(row.targets);
  row.targets.erase(std::unique(row.targets.begin(), row.targets.end()), row.targets.end());
  goal.row = std::move(row);
  return goal;
}

} // namespace sfa::sflowovsd
