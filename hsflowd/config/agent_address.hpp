// The election of the agent address, the address in every datagram that identifies this host: as good as
// possible at first, and then as stable as possible, because collectors know the host by it. Pure: time is an
// argument. docs/configuration.md has the rules in words.
#pragma once

#include "common/event_loop.hpp"
#include "common/fields.hpp"
#include "common/ip_address.hpp"
#include "config/agent_ranking.hpp"
#include "config/config.hpp"
#include "host/interface_address.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfa::config {

struct AgentCandidate {
  host::InterfaceAddress at;
  std::uint32_t rank = 0; // 0 = cannot win; better addresses have a higher one, equally good ones the same
  std::string reason;     // explains the rank

  bool operator==(const AgentCandidate&) const = default;
  static void fields(auto& self, auto&& field) {
    field("address", self.at.address);
    field("device", self.at.device);
    field("if_index", self.at.if_index);
    field("up", self.at.up);
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

// What is kept of an election, also across restarts.
struct ElectedAgent {
  IpAddress address;
  std::string device;
  std::uint32_t preference = 0;               // as in AgentMerit
  AgentGrade grade = AgentGrade::last_resort; // the best that it ever had
  bool knew_collectors = false; // at some election that it won, some could be reached, or all were local
  std::string rule;             // the options that decided; another rule begins anew

  bool operator==(const ElectedAgent&) const = default;
};

// How long an elected address may be missing: a renewal by DHCP and a restarted interface take seconds.
inline constexpr std::chrono::seconds kAgentGap{60};

// agentIP always wins, even if no device has it: `device` is then the agent device, or else that of the best
// candidate, because some readers of the shared file need one. Otherwise the best candidate wins the first
// election, and stays. It is replaced
// - at once by one that the configuration prefers more;
// - at once by one of a better grade, until it is settled: collectors or the gateway are reached from it, and
//   some collector was (or all are local) when that was decided;
// - at once by another address of its device and family, as good as it, that comes in the moment in which it
//   goes;
// - after kAgentGap without it, counted while there is one to replace it, by one that is no last resort, or
//   by any if it was one itself.
class AgentElector {
public:
  // Of an earlier run.
  void remember(ElectedAgent elected) { elected_ = std::move(elected); }

  [[nodiscard]] AgentElection elect(const Config& config, std::span<const host::InterfaceAddress> addresses,
                                    const SourceAddresses& sources, MonotonicTime now);

  // When to elect again although nothing changes; nullopt if never.
  [[nodiscard]] const std::optional<MonotonicTime>& due() const { return due_; }
  // nullopt if agentIP is set, or if nothing was elected yet.
  [[nodiscard]] const std::optional<ElectedAgent>& elected() const { return elected_; }
  // Whether only a gap, or another configuration, can change the result.
  [[nodiscard]] bool settled() const;

private:
  void stay(AgentElection& election, std::span<const RankedAddress> ranked, MonotonicTime now);
  void take(AgentElection& election, const RankedAddress& winner, std::string why);
  [[nodiscard]] const RankedAddress* in_its_place(std::span<const RankedAddress> ranked) const;

  std::optional<ElectedAgent> elected_;
  std::optional<MonotonicTime> gone_since_; // and another one could replace it
  std::optional<MonotonicTime> due_;
  std::vector<IpAddress> before_; // every usable address at the last election
  bool knows_collectors_ = false; // now
};

// The decision, and each candidate with the reason for its rank, best first, as lines for people.
[[nodiscard]] std::string election_text(const AgentElection& election);

} // namespace sfa::config
