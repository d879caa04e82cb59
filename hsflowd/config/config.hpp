// Every option of a configuration file, typed, with its default. A Config is a value: it is built from one
// file, compared, and never edited afterwards.
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

// agent.cidr: raises the rank of the addresses in a prefix, or excludes them (`!`).
struct AgentCidr {
  IpAddress prefix;
  std::uint8_t prefix_length = 0;
  bool exclude = false;

  bool operator==(const AgentCidr&) const = default;
};

// dns-sd: service records in DNS are part of the configuration.
struct DnsSdConfig {
  bool on = false;
  std::string domain = {}; // with or without a leading dot; empty = the resolver's search list
  std::chrono::seconds min_ttl{10}, max_ttl{3600}; // TTLs are raised or reduced to these
  std::chrono::seconds start_delay{1};             // maximum of the random delay of the first query
  bool require_ad = false;                         // rejects answers without AD (RFC 4035, section 3.2.3)

  bool operator==(const DnsSdConfig&) const = default;
};

// Which backends of guests run.
enum class Vms {
  automatic,  // every one that finds its hypervisor, and those whose section is present
  configured, // only those whose section is present
  off
};

struct Config {
  std::chrono::seconds polling{30};
  std::uint32_t sampling = 400;
  std::map<std::string, std::uint32_t> sampling_by_name;
  std::map<std::string, std::uint32_t> polling_by_name;
  std::optional<IpAddress> agent_ip;
  std::string agent_host; // the agentIP if it is a host name; then agent_ip is nullopt
  std::string agent_device;
  std::vector<AgentCidr> agent_cidrs;
  std::uint32_t sub_agent_id = 100000;
  std::string uuid; // empty = the system's own
  std::uint32_t header_bytes = 128;
  std::uint32_t datagram_bytes = 1400;
  std::vector<CollectorConfig> collectors;
  DnsSdConfig dns_sd;
  std::vector<std::string> ovs_bridges; // each one pattern, or several separated by commas
  std::vector<std::string> ovs_exclude;
  bool ovs_takeover = false;
  std::vector<std::string> interfaces_include; // each one pattern, or several separated by commas
  std::vector<std::string> interfaces_exclude;
  bool kvm = false;
  bool xen = false;
  bool xen_disks = true;
  bool xen_update_dominfo = false;
  bool proxmox = false;
  Vms vms = Vms::automatic;
  std::string kvm_uri; // empty = libvirt's system instance
  std::string modules; // directory; empty = the installed one
  std::chrono::seconds refresh_vms{60};
  std::chrono::seconds forget_vms{180};

  bool operator==(const Config&) const = default;
};

} // namespace sfa::config
