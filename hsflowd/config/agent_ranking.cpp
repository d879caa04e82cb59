#include "config/agent_ranking.hpp"

#include "config/value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <tuple>

namespace sfa::config {

namespace {

using host::AddressLifetime;
using host::InterfaceAddress;
using host::InterfaceKind;

struct Block {
  std::string_view prefix;
  std::uint8_t length;
  std::optional<AddressScope> scope; // nullopt: it cannot be a source address
  std::string_view name;
};

// The IANA IPv4 and IPv6 Special-Purpose Address Registries (2026-11), multicast (RFC 5771, RFC 4291) and
// what RFC 4291 and RFC 3879 say about IPv6. The first block that contains an address counts.
constexpr std::array kBlocks{
    Block{"0.0.0.0", 8, std::nullopt, "\"this network\""},
    Block{"10.0.0.0", 8, AddressScope::private_v4, "private IPv4"},
    Block{"100.64.0.0", 10, AddressScope::shared_v4, "shared IPv4 (100.64.0.0/10)"},
    Block{"127.0.0.0", 8, AddressScope::loopback_v4, "IPv4 loopback"},
    Block{"169.254.0.0", 16, AddressScope::link_local_v4, "IPv4 link-local"},
    Block{"172.16.0.0", 12, AddressScope::private_v4, "private IPv4"},
    Block{"192.0.0.0", 24, AddressScope::special_v4, "special IPv4 (192.0.0.0/24)"},
    Block{"192.0.2.0", 24, AddressScope::special_v4, "IPv4 for documentation"},
    Block{"192.31.196.0", 24, AddressScope::special_v4, "IPv4 of AS112"},
    Block{"192.52.193.0", 24, AddressScope::special_v4, "IPv4 of AMT relays"},
    Block{"192.88.99.0", 24, AddressScope::special_v4, "IPv4 of 6to4 relays"},
    Block{"192.168.0.0", 16, AddressScope::private_v4, "private IPv4"},
    Block{"192.175.48.0", 24, AddressScope::special_v4, "IPv4 of AS112"},
    Block{"198.18.0.0", 15, AddressScope::special_v4, "IPv4 for benchmarks"},
    Block{"198.51.100.0", 24, AddressScope::special_v4, "IPv4 for documentation"},
    Block{"203.0.113.0", 24, AddressScope::special_v4, "IPv4 for documentation"},
    Block{"224.0.0.0", 4, std::nullopt, "IPv4 multicast"},
    Block{"255.255.255.255", 32, std::nullopt, "IPv4 broadcast"},
    Block{"240.0.0.0", 4, AddressScope::reserved_v4, "reserved IPv4 (240.0.0.0/4)"},
    Block{"::", 128, std::nullopt, "unspecified"},
    Block{"::1", 128, AddressScope::loopback_v6, "IPv6 loopback"},
    Block{"::", 96, AddressScope::special_v6, "IPv6 with an IPv4 address"},
    Block{"::ffff:0:0", 96, AddressScope::special_v6, "IPv6 with an IPv4 address"},
    Block{"64:ff9b::", 96, AddressScope::special_v6, "IPv6 of a translation"},
    Block{"64:ff9b:1::", 48, AddressScope::special_v6, "IPv6 of a translation"},
    Block{"100::", 64, AddressScope::special_v6, "IPv6 that is discarded"},
    Block{"100:0:0:1::", 64, AddressScope::special_v6, "IPv6 that is discarded"},
    Block{"2001::", 23, AddressScope::special_v6, "IPv6 of a protocol (2001::/23)"},
    Block{"2001:db8::", 32, AddressScope::special_v6, "IPv6 for documentation"},
    Block{"2002::", 16, AddressScope::special_v6, "IPv6 of 6to4"},
    Block{"2620:4f:8000::", 48, AddressScope::special_v6, "IPv6 of AS112"},
    Block{"3fff::", 20, AddressScope::special_v6, "IPv6 for documentation"},
    Block{"5f00::", 16, AddressScope::special_v6, "IPv6 of segment routing"},
    Block{"fc00::", 7, AddressScope::unique_local_v6, "unique local IPv6"},
    Block{"fe80::", 10, AddressScope::link_local_v6, "IPv6 link-local"},
    Block{"fec0::", 10, AddressScope::special_v6, "site-local IPv6, which is deprecated"},
    Block{"ff00::", 8, std::nullopt, "IPv6 multicast"},
    Block{"0.0.0.0", 0, AddressScope::global_v4, "global IPv4"},
    Block{"::", 0, AddressScope::global_v6, "global IPv6"},
};

bool contains(const IpAddress& prefix, std::size_t length, const IpAddress& address) {
  const auto bits = prefix.bytes();
  const auto bytes = address.bytes();
  if (bits.size() != bytes.size()) {
    return false;
  }
  for (std::size_t bit = 0; bit < length; ++bit) {
    if (((bits[bit / 8] ^ bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
      return false;
    }
  }
  return true;
}

const Block& block_of(const IpAddress& address) {
  static const std::vector<IpAddress> prefixes = [] {
    std::vector<IpAddress> result;
    result.reserve(std::size(kBlocks));
    for (const auto& block : kBlocks) {
      result.push_back(IpAddress::parse(block.prefix).value());
    }
    return result;
  }();
  std::size_t at = 0;
  while (!contains(prefixes[at], kBlocks[at].length, address)) {
    ++at; // the last ones contain every address
  }
  return kBlocks[at];
}

bool is_in(const std::vector<IpAddress>& list, const IpAddress& address) {
  return std::ranges::find(list, address) != list.end();
}

std::string_view name_of(AddressLifetime lifetime) {
  switch (lifetime) {
  case AddressLifetime::tentative:
    return "still checked for duplicates";
  case AddressLifetime::deprecated:
    return "deprecated";
  case AddressLifetime::temporary:
    return "temporary";
  case AddressLifetime::dynamic:
    return "from autoconfiguration";
  case AddressLifetime::permanent:
    return "";
  }
  return "";
}

std::string_view name_of(InterfaceKind kind) {
  switch (kind) {
  case InterfaceKind::guest_bridge:
    return "on a bridge without an uplink";
  case InterfaceKind::tunnel:
    return "on a tunnel";
  case InterfaceKind::pseudo:
    return "on a virtual interface";
  case InterfaceKind::network:
    return "";
  }
  return "";
}

void add(std::string& text, std::string_view phrase) {
  if (!phrase.empty()) {
    text += text.empty() ? "" : ", ";
    text += phrase;
  }
}

// The kernel prefers a temporary address as a source to the one that identifies the host beside it (RFC 6724,
// section 5, rule 7).
bool sends_from(const std::vector<IpAddress>& sources, const InterfaceAddress& at,
                std::span<const InterfaceAddress> addresses) {
  return is_in(sources, at.address) || std::ranges::any_of(addresses, [&](const InterfaceAddress& other) {
           return other.lifetime == AddressLifetime::temporary && other.if_index == at.if_index &&
                  !at.address.is_v4() && is_in(sources, other.address);
         });
}

// An address of a bridge of guests is the same on many hosts, also if a collector in a container is reached
// from it. If the default gateway is, a guest is the host's router.
AgentGrade grade_of(const InterfaceAddress& at, AddressScope scope, const SourceAddresses& sources,
                    std::span<const InterfaceAddress> addresses) {
  if (scope <= AddressScope::link_local_v6 || at.lifetime <= AddressLifetime::temporary) {
    return AgentGrade::last_resort;
  }
  const bool to_gateway = sends_from(sources.to_gateway, at, addresses);
  if (at.kind == InterfaceKind::guest_bridge && !to_gateway) {
    return AgentGrade::last_resort;
  }
  if (sends_from(sources.to_collectors, at, addresses)) {
    return AgentGrade::reaches_collectors;
  }
  return to_gateway ? AgentGrade::reaches_gateway : AgentGrade::ordinary;
}

// Why it cannot win; empty if it can.
std::string obstacle(const Config& config, const InterfaceAddress& at, const Block& block) {
  if (!at.up) {
    return "the interface is down";
  }
  if (!block.scope) {
    return fmt::format("{}: not usable as a source", block.name);
  }
  if (at.lifetime == AddressLifetime::tentative) {
    return std::string(name_of(at.lifetime));
  }
  for (const auto& cidr : config.agent_cidrs) {
    if (cidr.exclude && contains(cidr.prefix, cidr.prefix_length, at.address)) {
      return fmt::format("excluded by agent.cidr {}", format_cidr(cidr));
    }
  }
  return "";
}

RankedAddress rank(const Config& config, const InterfaceAddress& at, const SourceAddresses& sources,
                   std::span<const InterfaceAddress> addresses) {
  const Block& block = block_of(at.address);
  RankedAddress ranked{.at = at, .merit = {}, .reason = obstacle(config, at, block)};
  if (!ranked.reason.empty()) {
    return ranked;
  }
  AgentMerit merit{.preference = 0,
                   .grade = grade_of(at, *block.scope, sources, addresses),
                   .scope = *block.scope,
                   .lifetime = at.lifetime,
                   .kind = at.kind};
  add(ranked.reason,
      sends_from(sources.to_collectors, at, addresses) ? "the host sends to its collectors from it" : "");
  add(ranked.reason,
      sends_from(sources.to_gateway, at, addresses) ? "the default gateway is reached from it" : "");
  add(ranked.reason, block.name);
  add(ranked.reason, name_of(at.lifetime));
  add(ranked.reason, name_of(at.kind));
  // The first prefix that matches counts; earlier prefixes count more.
  const auto preferred = std::ranges::find_if(config.agent_cidrs, [&](const AgentCidr& cidr) {
    return !cidr.exclude && contains(cidr.prefix, cidr.prefix_length, at.address);
  });
  if (preferred != config.agent_cidrs.end()) {
    merit.preference += static_cast<std::uint32_t>(config.agent_cidrs.end() - preferred);
    add(ranked.reason, fmt::format("in agent.cidr {}", format_cidr(*preferred)));
  }
  if (is_on(config.agent_device, at)) {
    merit.preference += 1;
    add(ranked.reason, fmt::format("on the agent device {}", at.device));
  }
  ranked.merit = merit;
  return ranked;
}

} // namespace

std::vector<RankedAddress> rank_addresses(const Config& config, std::span<const InterfaceAddress> addresses,
                                          const SourceAddresses& sources) {
  std::vector<RankedAddress> ranked;
  for (const auto& at : addresses) {
    ranked.push_back(rank(config, at, sources, addresses));
  }
  std::ranges::sort(ranked, [](const RankedAddress& a, const RankedAddress& b) {
    return a.merit != b.merit ? a.merit > b.merit
                              : std::tie(a.at.if_index, a.at.address) < std::tie(b.at.if_index, b.at.address);
  });
  return ranked;
}

std::string difference(const RankedAddress& first, const RankedAddress& second) {
  if (!first.merit || !second.merit) {
    return "the other cannot be used";
  }
  const AgentMerit& a = *first.merit;
  const AgentMerit& b = *second.merit;
  if (a.preference != b.preference) {
    return "preferred by the configuration";
  }
  if (a.grade != b.grade) {
    switch (a.grade) {
    case AgentGrade::reaches_collectors:
      return "the host sends to its collectors from it";
    case AgentGrade::reaches_gateway:
      return "the default gateway is reached from it";
    default:
      return "the other is a last resort";
    }
  }
  if (a.scope != b.scope) {
    return fmt::format("{} before {}", block_of(first.at.address).name, block_of(second.at.address).name);
  }
  if (a.lifetime != b.lifetime) {
    return fmt::format("the other is {}", name_of(b.lifetime));
  }
  if (a.kind != b.kind) {
    return fmt::format("the other is {}", name_of(b.kind));
  }
  return first.at.if_index != second.at.if_index ? "the lower ifIndex" : "the lower address";
}

bool can_identify(const IpAddress& address) {
  return block_of(address).scope.has_value();
}

bool is_on(const std::string& device, const InterfaceAddress& at) {
  return !device.empty() &&
         (at.device == device || std::ranges::find(at.aliases, device) != at.aliases.end());
}

} // namespace sfa::config
