// What hsflowd resolved and sflowovsd applies: the content of the shared file. A value: build a new one,
// compare it with the old one, publish it if it differs.
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

// What a value may be, wherever it comes from (both ends included).
inline constexpr std::uint32_t kMaxSampling = 10'000'000;
inline constexpr std::uint32_t kMaxPolling = 300;
inline constexpr std::uint32_t kMaxHeaderBytes = 256;
inline constexpr std::uint32_t kMinDatagramBytes = 200;
inline constexpr std::uint32_t kMaxDatagramBytes = 8192;

struct Collector {
  IpAddress address;
  std::uint16_t port = kSflowPort;
  std::string device = {};              // the only one to send through (a VRF, say); empty = as routed
  std::string network_namespace = {};   // to send from, a name under /var/run/netns; empty = the daemon's own
  std::optional<IpAddress> source = {}; // of the datagrams; empty = as the kernel chooses
  std::string name = {};                // that `address` was looked up for; empty = configured as an address

  bool operator==(const Collector&) const = default;
};

struct Settings {
  std::string hostname;
  std::uint32_t sampling = 400;                          // one packet in so many; 0 = no packet samples
  std::chrono::seconds polling{30};                      // counter interval; 0 = no counters
  std::uint32_t header_bytes = 128;                      // of each sampled packet
  std::uint32_t datagram_bytes = 1400;                   // largest UDP payload
  std::map<std::string, std::uint32_t> sampling_by_name; // application or link speed -> 1-in-N
  std::map<std::string, std::uint32_t> polling_by_name;  // application -> seconds
  std::optional<IpAddress> agent_ip;
  std::string agent_device; // the device that has agent_ip; empty when none has
  std::vector<Collector> collectors;
  bool ovs_takeover = false;            // replace sFlow rows that carry somebody else's external_ids
  std::vector<std::string> ovs_bridges; // patterns of fnmatch(3): the bridges that get sFlow; none = all
  std::vector<std::string> ovs_exclude; // likewise: those that do not, even if they are among the former

  bool operator==(const Settings&) const = default;
};

} // namespace sfa
