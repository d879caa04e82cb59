// The election of the agent address: which of the host's addresses stands in every datagram. Pure: addresses
// and preferences in, the whole decision out, so that it can explain itself.
#pragma once

#include "common/fields.hpp"
#include "common/ip_address.hpp"
#include "config/config.hpp"
#include "host/interface_address.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfa::config {

struct AgentCandidate {
  host::InterfaceAddress at;
  std::uint32_t rank = 0; // 0 = cannot win
  std::string reason;     // what the rank is made of

  bool operator==(const AgentCandidate&) const = default;
  static void fields(auto& self, auto&& field) {
    field("address", self.at.address);
    field("device", self.at.device);
    field("if_index", self.at.if_index);
    field("up", self.at.up);
    field("vlan", self.at.vlan);
    field("slaac", self.at.slaac);
    field("aliases", self.at.aliases);
    field("rank", self.rank);
    field("reason", self.reason);
  }
};

struct AgentElection {
  std::optional<IpAddress> address; // none: no candidate, and none configured
  std::string device;               // that has the address; for one that none has, see below
  std::string why;
  std::vector<AgentCandidate> candidates; // best first

  bool operator==(const AgentElection&) const = default;
  static void fields(auto& self, auto&& field) {
    field("address", self.address);
    field("device", self.device, kNullIfEmpty);
    field("why", self.why);
    field("candidates", self.candidates);
  }
};

// agentIP wins over everything, also when no device has it. Otherwise the highest rank: kind of address
// (loopback < link-local < VLAN < private < global), raised by agent.cidr (first listed most) and by the
// agent device; then an address that stays before one that may go, then the lowest ifIndex, then the lowest
// address. With an agentIP that no device has, the device is the agent device, or else that of the best
// candidate: some readers of the shared file need one.
[[nodiscard]] AgentElection elect_agent_address(const Config& config,
                                                std::span<const host::InterfaceAddress> addresses);

// The decision and every candidate with its rank and what it is made of, best first, for people. Each line
// ends with a line end.
[[nodiscard]] std::string election_text(const AgentElection& election);

} // namespace sfa::config
