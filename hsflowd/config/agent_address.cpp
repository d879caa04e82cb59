#include "config/agent_address.hpp"

#include "config/value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <tuple>

namespace sfa::config {

namespace {

// Kinds of address from worst to best; the values are their ranks.
enum class AddressKind : std::uint32_t {
  unusable = 0,
  class_e = 1,
  loopback_v6 = 3,
  loopback_v4 = 4,
  link_local_v4 = 5,
  link_local_v6 = 6,
  vlan_v6 = 7,
  vlan_v4 = 8,
  unique_local_v6 = 9,
  global_v6 = 10,
  private_v4 = 11,
  global_v4 = 12,
};

// A match in agent.cidr, and the agent device, each count more than any kind of address.
constexpr std::uint32_t kBoost = 13;

std::string_view name_of(AddressKind kind) {
  switch (kind) {
  case AddressKind::unusable:
    return "not usable as a source";
  case AddressKind::class_e:
    return "reserved (240/4)";
  case AddressKind::loopback_v6:
    return "IPv6 loopback";
  case AddressKind::loopback_v4:
    return "IPv4 loopback";
  case AddressKind::link_local_v4:
    return "IPv4 link-local";
  case AddressKind::link_local_v6:
    return "IPv6 link-local";
  case AddressKind::vlan_v6:
    return "IPv6 on a VLAN";
  case AddressKind::vlan_v4:
    return "IPv4 on a VLAN";
  case AddressKind::unique_local_v6:
    return "IPv6 unique local";
  case AddressKind::global_v6:
    return "IPv6 global";
  case AddressKind::private_v4:
    return "IPv4 private";
  case AddressKind::global_v4:
    return "IPv4 global";
  }
  return "";
}

// RFC 6890 lists the special-purpose blocks.
AddressKind kind_of_v4(std::span<const std::uint8_t> b, bool vlan) {
  if (b[0] == 0 || (b[0] >= 224 && b[0] < 240) ||
      std::ranges::all_of(b, [](auto byte) { return byte == 255; })) {
    return AddressKind::unusable;
  }
  if (b[0] >= 240) {
    return AddressKind::class_e;
  }
  if (b[0] == 127) {
    return AddressKind::loopback_v4;
  }
  if (b[0] == 169 && b[1] == 254) {
    return AddressKind::link_local_v4;
  }
  if (vlan) {
    return AddressKind::vlan_v4;
  }
  const bool rfc1918 = b[0] == 10 || (b[0] == 172 && b[1] >= 16 && b[1] < 32) || (b[0] == 192 && b[1] == 168);
  return rfc1918 ? AddressKind::private_v4 : AddressKind::global_v4;
}

AddressKind kind_of_v6(std::span<const std::uint8_t> b, bool vlan) {
  const bool high_zero = std::ranges::all_of(b.first(15), [](auto byte) { return byte == 0; });
  if (b[0] == 0xff || (high_zero && b[15] == 0)) {
    return AddressKind::unusable;
  }
  if (high_zero && b[15] == 1) {
    return AddressKind::loopback_v6;
  }
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) {
    return AddressKind::link_local_v6;
  }
  if ((b[0] & 0xfe) == 0xfc) {
    return AddressKind::unique_local_v6;
  }
  return vlan ? AddressKind::vlan_v6 : AddressKind::global_v6;
}

AddressKind kind_of(const host::InterfaceAddress& at) {
  const auto bytes = at.address.bytes();
  return at.address.is_v4() ? kind_of_v4(bytes, at.vlan) : kind_of_v6(bytes, at.vlan);
}

bool matches(const AgentCidr& cidr, const IpAddress& address) {
  const auto prefix = cidr.prefix.bytes();
  const auto bytes = address.bytes();
  if (prefix.size() != bytes.size()) {
    return false;
  }
  for (std::size_t bit = 0; bit < cidr.prefix_length; ++bit) {
    if (((prefix[bit / 8] ^ bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
      return false;
    }
  }
  return true;
}

bool is_on(const std::string& device, const host::InterfaceAddress& at) {
  return !device.empty() &&
         (at.device == device || std::ranges::find(at.aliases, device) != at.aliases.end());
}

AgentCandidate rank(const Config& config, const host::InterfaceAddress& at) {
  const AddressKind kind = kind_of(at);
  AgentCandidate candidate{
      .at = at, .rank = static_cast<std::uint32_t>(kind), .reason = std::string(name_of(kind))};
  const auto excluded = std::ranges::find_if(
      config.agent_cidrs, [&](const AgentCidr& cidr) { return cidr.exclude && matches(cidr, at.address); });
  if (!at.up || kind == AddressKind::unusable || excluded != config.agent_cidrs.end()) {
    candidate.rank = 0;
    if (!at.up) {
      candidate.reason = "the interface is down";
    } else if (kind != AddressKind::unusable) {
      candidate.reason = fmt::format("excluded by agent.cidr {}", format_cidr(*excluded));
    }
    return candidate;
  }
  // The first prefix that matches counts; earlier prefixes count more.
  const auto preferred = std::ranges::find_if(
      config.agent_cidrs, [&](const AgentCidr& cidr) { return !cidr.exclude && matches(cidr, at.address); });
  if (preferred != config.agent_cidrs.end()) {
    candidate.rank += kBoost * static_cast<std::uint32_t>(config.agent_cidrs.end() - preferred);
    candidate.reason += fmt::format(", in agent.cidr {}", format_cidr(*preferred));
  }
  if (is_on(config.agent_device, at)) {
    candidate.rank += kBoost;
    candidate.reason += fmt::format(", on the agent device {}", at.device);
  }
  return candidate;
}

// What decided between the first two; empty if their ranks did.
std::string tie_break(std::span<const AgentCandidate> candidates) {
  if (candidates.size() < 2 || candidates[0].rank != candidates[1].rank) {
    return "";
  }
  const host::InterfaceAddress& first = candidates[0].at;
  const host::InterfaceAddress& second = candidates[1].at;
  std::string_view reason = "the lower address";
  if (first.slaac != second.slaac) {
    reason = "not from autoconfiguration (SLAAC)";
  } else if (first.if_index != second.if_index) {
    reason = "the lower ifIndex";
  }
  return fmt::format("; before {} on {}: {}", second.address.to_string(), second.device, reason);
}

// Takes the configured agentIP unconditionally.
void take_configured(AgentElection& election, const Config& config) {
  election.address = config.agent_ip;
  election.why = "agentIP is set";
  const auto local = std::ranges::find_if(election.candidates, [&](const AgentCandidate& candidate) {
    return candidate.at.address == *config.agent_ip;
  });
  if (local != election.candidates.end()) {
    election.device = local->at.device;
    return;
  }
  election.why += ", though no interface has that address";
  if (!config.agent_device.empty()) {
    election.device = config.agent_device;
  } else if (!election.candidates.empty() && election.candidates.front().rank > 0) {
    election.device = election.candidates.front().at.device;
  }
}

void take_best(AgentElection& election, const Config& config) {
  const auto& best = election.candidates.front();
  election.address = best.at.address;
  election.device = best.at.device;
  election.why =
      fmt::format("highest rank ({}): {}{}", best.rank, best.reason, tie_break(election.candidates));
  if (!config.agent_device.empty() && std::ranges::none_of(election.candidates, [&](const auto& candidate) {
        return is_on(config.agent_device, candidate.at);
      })) {
    election.why += fmt::format("; no address is on the agent device {}", config.agent_device);
  }
}

} // namespace

AgentElection elect_agent_address(const Config& config, std::span<const host::InterfaceAddress> addresses) {
  AgentElection election;
  for (const auto& at : addresses) {
    election.candidates.push_back(rank(config, at));
  }
  std::ranges::sort(election.candidates, {}, [](const AgentCandidate& candidate) {
    return std::tuple(~candidate.rank, candidate.at.slaac, candidate.at.if_index, candidate.at.address);
  });
  if (config.agent_ip) {
    take_configured(election, config);
  } else if (!election.candidates.empty() && election.candidates.front().rank > 0) {
    take_best(election, config);
  } else {
    election.why = "no interface that is up has a usable address";
    if (std::ranges::any_of(config.agent_cidrs, &AgentCidr::exclude)) {
      election.why += " that agent.cidr does not exclude";
    }
  }
  return election;
}

std::string election_text(const AgentElection& election) {
  std::string text = election.address
                         ? fmt::format("{} on {}: {}\n", election.address->to_string(),
                                       election.device.empty() ? "no device" : election.device, election.why)
                         : fmt::format("none: {}\n", election.why);
  std::size_t address_width = 0;
  std::size_t device_width = 0;
  for (const auto& candidate : election.candidates) {
    address_width = std::max(address_width, candidate.at.address.to_string().size());
    device_width = std::max(device_width, candidate.at.device.size());
  }
  for (const auto& [at, rank, reason] : election.candidates) {
    text += fmt::format("{} rank {:3}  {:{}}  {:{}}  {}\n", at.address == election.address ? '*' : ' ', rank,
                        at.address.to_string(), address_width, at.device, device_width, reason);
  }
  return text;
}

} // namespace sfa::config
