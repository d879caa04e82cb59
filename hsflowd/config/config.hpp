// Every option that a configuration file can set, typed, with its default. A value: built whole from one
// file, compared, never edited in place afterwards.
#pragma once

#include "common/ip_address.hpp"
#include "common/settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfa::config {

struct CollectorConfig {
  std::string host; // IP address or host name
  std::uint16_t port = kSflowPort;
  std::string network_namespace = {};   // name under /var/run/netns; empty = ours
  std::string device = {};              // output device (VRF); empty = any
  std::optional<IpAddress> source = {}; // source address; empty = as the kernel chooses

  bool operator==(const CollectorConfig&) const = default;
};

// agent.cidr: raises the rank of addresses in a prefix, or with `!` excludes them.
struct AgentCidr {
  IpAddress prefix;
  std::uint8_t prefix_length = 0;
  bool exclude = false;

  bool operator==(const AgentCidr&) const = default;
};

// dns-sd: what the service records of DNS say takes part in the configuration.
struct DnsSdConfig {
  bool on = false;
  std::string domain = {}; // with or without a dot in front; empty = the resolver's search list
  std::chrono::seconds min_ttl{10}, max_ttl{3600}; // a TTL counts as no less and no more
  std::chrono::seconds start_delay{1};             // the first question is asked at random within it
  bool require_ad = false;                         // answers without AD (RFC 4035, section 3.2.3) are none

  bool operator==(const DnsSdConfig&) const = default;
};

struct Config {
  std::chrono::seconds polling{30};
  std::uint32_t sampling = 400;
  std::map<std::string, std::uint32_t> sampling_by_name;
  std::map<std::string, std::uint32_t> polling_by_name;
  std::optional<IpAddress> agent_ip;
  std::string agent_host; // agentIP given as a host name; then agent_ip is empty
  std::string agent_device;
  std::vector<AgentCidr> agent_cidrs;
  std::uint32_t sub_agent_id = 100000;
  std::string uuid; // empty = find it
  std::uint32_t header_bytes = 128;
  std::uint32_t datagram_bytes = 1400;
  std::vector<CollectorConfig> collectors;
  DnsSdConfig dns_sd;
  std::vector<std::string> ovs_bridges; // each one name or several separated by commas
  std::vector<std::string> ovs_exclude;
  bool ovs_takeover = false;
  std::vector<std::string> interfaces_include; // each one name or several separated by commas
  std::vector<std::string> interfaces_exclude;
  bool kvm = false;
  bool xen = false;
  bool xen_disks = true;
  bool xen_update_dominfo = false;
  bool vms_automatic = false; // of whichever hypervisor is there
  std::string kvm_uri;        // empty = libvirt's system instance
  std::string modules;        // directory; empty = where they are installed
  std::chrono::seconds refresh_vms{60};
  std::chrono::seconds forget_vms{180};

  bool operator==(const Config&) const = default;
};

} // namespace sfa::config
