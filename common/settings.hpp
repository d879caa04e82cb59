// The resolved settings, which hsflowd publishes in the shared file and sflowovsd applies. A value: build a
// new one, compare it with the old one, publish it if it differs.
#pragma once

#include "common/ip_address.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfa {

// The port that IANA registered for sFlow.
inline constexpr std::uint16_t kSflowPort = 6343;

// Limits of values from any origin (inclusive).
inline constexpr std::uint32_t kMaxSampling = 10'000'000;
inline constexpr std::uint32_t kMaxPolling = 300;
inline constexpr std::uint32_t kMaxHeaderBytes = 256;
inline constexpr std::uint32_t kMinDatagramBytes = 200;
inline constexpr std::uint32_t kMaxDatagramBytes = 8192;

struct Collector {
  IpAddress address;
  std::uint16_t port = kSflowPort;
  std::string device = {};              // to send through, a VRF for example; empty = by the routing table
  std::string network_namespace = {};   // to send from, a name in /var/run/netns; empty = the daemon's own
  std::optional<IpAddress> source = {}; // of the datagrams; empty = chosen by the kernel
  std::string name = {}; // from which `address` was resolved; empty = an address was configured

  bool operator==(const Collector&) const = default;
};

struct Settings {
  std::string hostname;
  std::uint32_t sampling = 400;                          // sample 1 in N packets; 0 = no packet samples
  std::chrono::seconds polling{30};                      // counter interval; 0 = no counters
  std::uint32_t header_bytes = 128;                      // of each sampled packet
  std::uint32_t datagram_bytes = 1400;                   // largest UDP payload
  std::map<std::string, std::uint32_t> sampling_by_name; // application or link speed -> 1-in-N
  std::map<std::string, std::uint32_t> polling_by_name;  // application -> seconds
  std::optional<IpAddress> agent_ip;
  std::string agent_device; // the device with agent_ip; empty if there is none
  std::vector<Collector> collectors;
  bool ovs_takeover = false;            // replace sFlow rows with external_ids of others
  std::vector<std::string> ovs_bridges; // fnmatch(3) patterns of the bridges that get sFlow; empty = all
  std::vector<std::string> ovs_exclude; // of bridges that never get it, even if ovs_bridges matches

  bool operator==(const Settings&) const = default;
};

} // namespace sfa
