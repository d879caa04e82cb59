#include "config/resolver.hpp"

#include "common/text.hpp"

#include <utility>

namespace sfa::config {

Settings resolve(const Config& config, const AgentElection& election, const std::string& hostname,
                 std::vector<Collector> collectors) {
  Settings settings;
  settings.hostname = hostname;
  settings.sampling = config.sampling;
  settings.polling = config.polling;
  settings.header_bytes = config.header_bytes;
  settings.datagram_bytes = config.datagram_bytes;
  settings.sampling_by_name = config.sampling_by_name;
  settings.polling_by_name = config.polling_by_name;
  settings.agent_ip = election.address;
  settings.agent_device = election.device;
  settings.ovs_takeover = config.ovs_takeover;
  settings.ovs_bridges = separate(config.ovs_bridges);
  settings.ovs_exclude = separate(config.ovs_exclude);
  settings.collectors = std::move(collectors);
  return settings;
}

} // namespace sfa::config
