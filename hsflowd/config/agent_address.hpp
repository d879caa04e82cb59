// The election of the agent address, the address in every datagram that identifies this host. A pure
// function: it takes addresses and preferences, and returns the whole decision with its reasons.
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
  std::string reason;     // explains the rank

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
  std::optional<IpAddress> address; // nullopt if there is no candidate and none is configured
  std::string device;               // the one with the address; see below if none has it
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

// agentIP always wins, even if no device has it. Otherwise these decide, in this order:
// - the rank: the kind of address (loopback < link-local < VLAN < private < global), raised by agent.cidr
//   (earlier prefixes more) and by the agent device;
// - a permanent address wins over one from autoconfiguration;
// - the lowest ifIndex, then the lowest address.
// If no device has the agentIP, `device` is the agent device, or else that of the best candidate: some
// readers of the shared file need one.
[[nodiscard]] AgentElection elect_agent_address(const Config& config,
                                                std::span<const host::InterfaceAddress> addresses);

// The decision, and each candidate with its rank and the reason for it, best first, as lines for people.
[[nodiscard]] std::string election_text(const AgentElection& election);

} // namespace sfa::config
