#include "config/resolver.hpp"

namespace sfa {

Settings resolve(const Config& config, const AgentElection& election, const std::string& hostname) {
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
  for (const auto& collector : config.collectors) {
    if (const auto address = IpAddress::parse(collector.host)) {
      settings.collectors.push_back({.address = *address, .port = collector.port});
    }
  }
  return settings;
}

} // namespace sfa
