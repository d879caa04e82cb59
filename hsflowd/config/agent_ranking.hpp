// How well each address of this host identifies it. Pure.
#pragma once

#include "common/ip_address.hpp"
#include "config/config.hpp"
#include "host/interface_address.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfa::config {

// The addresses that the kernel would send from.
struct SourceAddresses {
  std::vector<IpAddress> to_collectors = {};
  std::vector<IpAddress> to_gateway = {}; // to what is beyond the default gateway
  bool collectors_are_local =
      false; // there are some, and all are on this host, or in other network namespaces

  bool operator==(const SourceAddresses&) const = default;
};

// Blocks of addresses from worst to best: those of the IANA registries of special-purpose addresses (RFC
// 6890), in which an address that is not listed is global.
enum class AddressScope : std::uint8_t {
  reserved_v4, // 240.0.0.0/4
  loopback_v6,
  loopback_v4,
  link_local_v4,
  link_local_v6,
  special_v6, // documentation, benchmarking, translation, tunnels: not assigned to hosts
  special_v4,
  shared_v4, // 100.64.0.0/10 of RFC 6598: carriers, and overlays such as Tailscale
  unique_local_v6,
  global_v6,
  private_v4,
  global_v4,
};

// What decides whether an address replaces one that was elected before.
enum class AgentGrade : std::uint8_t {
  last_resort, // many hosts may have the same, or it does not last
  ordinary,
  reaches_gateway,    // the host sends from it through its default gateway
  reaches_collectors, // the host sends from it to its collectors
};

// More is better; the members are compared in this order.
struct AgentMerit {
  std::uint32_t preference = 0; // agent.cidr (earlier prefixes more) and the agent device
  AgentGrade grade = AgentGrade::last_resort;
  AddressScope scope{};
  host::AddressLifetime lifetime{};
  host::InterfaceKind kind{};

  auto operator<=>(const AgentMerit&) const = default;
  bool operator==(const AgentMerit&) const = default;
};

struct RankedAddress {
  host::InterfaceAddress at;
  std::optional<AgentMerit> merit; // nullopt if it cannot win
  std::string reason;              // in words
};

// Best first. Equal merits are in the order of ifIndex, then of the address.
[[nodiscard]] std::vector<RankedAddress> rank_addresses(const Config& config,
                                                        std::span<const host::InterfaceAddress> addresses,
                                                        const SourceAddresses& sources);

// Whether an address can be one of this host at all: no multicast, for example.
[[nodiscard]] bool can_identify(const IpAddress& address);

// Why the first one is before the second, in words: "the default gateway is reached from it".
[[nodiscard]] std::string difference(const RankedAddress& first, const RankedAddress& second);

// Whether a name in the configuration means the device of an address.
[[nodiscard]] bool is_on(const std::string& device, const host::InterfaceAddress& at);

} // namespace sfa::config
