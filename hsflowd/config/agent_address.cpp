#include "config/agent_address.hpp"

#include "config/value.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace sfa::config {

namespace {

// The options of the configuration that decide.
std::string rule_of(const Config& config) {
  std::string rule = config.agent_device;
  for (const auto& cidr : config.agent_cidrs) {
    rule += " " + format_cidr(cidr);
  }
  return rule;
}

std::vector<AgentCandidate> candidates_of(std::span<const RankedAddress> ranked) {
  std::vector<AgentCandidate> candidates;
  std::uint32_t rank = 0;
  const RankedAddress* worse = nullptr;
  for (auto address = ranked.rbegin(); address != ranked.rend(); ++address) {
    if (address->merit && (worse == nullptr || worse->merit != address->merit)) {
      ++rank;
    }
    worse = &*address;
    candidates.push_back({.at = address->at, .rank = address->merit ? rank : 0, .reason = address->reason});
  }
  std::ranges::reverse(candidates);
  return candidates;
}

const RankedAddress* find(std::span<const RankedAddress> ranked, const IpAddress& address) {
  const auto found = std::ranges::find_if(ranked, [&](const RankedAddress& candidate) {
    return candidate.at.address == address && candidate.merit;
  });
  return found == ranked.end() ? nullptr : &*found;
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

std::string no_candidate(const Config& config) {
  std::string why = "no interface that is up has a usable address";
  if (std::ranges::any_of(config.agent_cidrs, &AgentCidr::exclude)) {
    why += " that agent.cidr does not exclude";
  }
  return why;
}

std::string best(std::span<const RankedAddress> ranked) {
  std::string why = "the best: " + ranked[0].reason;
  if (ranked.size() > 1 && ranked[1].merit) {
    why += fmt::format("; before {} on {}: {}", ranked[1].at.address.to_string(), ranked[1].at.device,
                       difference(ranked[0], ranked[1]));
  }
  return why;
}

} // namespace

AgentElection AgentElector::elect(const Config& config, std::span<const host::InterfaceAddress> addresses,
                                  const SourceAddresses& sources, MonotonicTime now) {
  const auto ranked = rank_addresses(config, addresses, sources);
  due_.reset();
  knows_collectors_ = !sources.to_collectors.empty() || sources.collectors_are_local;
  AgentElection election{.address = {}, .device = {}, .why = {}, .candidates = candidates_of(ranked)};
  if (config.agent_ip) {
    elected_.reset();
    gone_since_.reset();
    take_configured(election, config);
    return election;
  }
  const std::string rule = rule_of(config);
  if (elected_ && elected_->rule != rule) {
    elected_.reset();
    gone_since_.reset();
  }
  if (elected_) {
    stay(election, ranked, now);
  } else if (!ranked.empty() && ranked.front().merit) {
    take(election, ranked.front(), best(ranked));
    elected_->rule = rule;
  } else {
    election.why = no_candidate(config);
  }
  if (!config.agent_device.empty() && std::ranges::none_of(ranked, [&](const RankedAddress& candidate) {
        return is_on(config.agent_device, candidate.at);
      })) {
    election.why += fmt::format("; no address is on the agent device {}", config.agent_device);
  }
  before_.clear();
  for (const auto& candidate : ranked) {
    if (candidate.merit) {
      before_.push_back(candidate.at.address);
    }
  }
  return election;
}

void AgentElector::stay(AgentElection& election, std::span<const RankedAddress> ranked, MonotonicTime now) {
  const RankedAddress* best_one = ranked.empty() || !ranked.front().merit ? nullptr : &ranked.front();
  const RankedAddress* same = find(ranked, elected_->address);
  if (same != nullptr) {
    elected_->preference = same->merit->preference; // its device may have got another name
  }
  if (best_one != nullptr && best_one->merit->preference > elected_->preference) {
    take(election, *best_one, best(ranked));
    return;
  }
  if (same != nullptr) {
    elected_->grade = std::max(elected_->grade, same->merit->grade);
    if (!settled() && elected_->grade < best_one->merit->grade) {
      take(election, *best_one, best(ranked));
      return;
    }
    take(election, *same,
         same == best_one ? best(ranked) : "elected before, and still there: " + same->reason);
    return;
  }
  if (const RankedAddress* other = in_its_place(ranked)) {
    take(election, *other,
         fmt::format("in the place of {} on {}: {}", elected_->address.to_string(), elected_->device,
                     other->reason));
    return;
  }
  const bool worthy = best_one != nullptr && (best_one->merit->grade > AgentGrade::last_resort ||
                                              elected_->grade == AgentGrade::last_resort);
  if (!worthy) {
    gone_since_.reset();
  } else if (!gone_since_) {
    gone_since_ = now;
  }
  if (worthy && now - *gone_since_ >= kAgentGap) {
    take(election, *best_one,
         fmt::format("{} has been missing for {} s; {}", elected_->address.to_string(), kAgentGap.count(),
                     best(ranked)));
    return;
  }
  if (worthy) {
    due_ = *gone_since_ + kAgentGap;
  }
  election.address = elected_->address;
  election.device = elected_->device;
  election.why =
      fmt::format("elected before; no interface that is up has it now, and {}",
                  worthy ? fmt::format("another is elected after {} s without it", kAgentGap.count())
                         : "there is none as good");
}

bool AgentElector::settled() const {
  return elected_ && elected_->grade >= AgentGrade::reaches_gateway && elected_->knew_collectors;
}

void AgentElector::take(AgentElection& election, const RankedAddress& winner, std::string why) {
  const bool same = elected_ && elected_->address == winner.at.address;
  elected_ = {.address = winner.at.address,
              .device = winner.at.device,
              .preference = winner.merit->preference,
              .grade = same ? std::max(elected_->grade, winner.merit->grade) : winner.merit->grade,
              .knew_collectors = knows_collectors_ || (same && elected_->knew_collectors),
              .rule = elected_ ? elected_->rule : ""};
  gone_since_.reset();
  election.address = winner.at.address;
  election.device = winner.at.device;
  election.why = std::move(why);
}

// An address that has come in the moment in which the elected one has gone.
const RankedAddress* AgentElector::in_its_place(std::span<const RankedAddress> ranked) const {
  const auto found = std::ranges::find_if(ranked, [&](const RankedAddress& candidate) {
    return candidate.merit && candidate.at.device == elected_->device &&
           candidate.at.address.is_v4() == elected_->address.is_v4() &&
           candidate.merit->preference >= elected_->preference &&
           candidate.merit->grade >= std::min(elected_->grade, AgentGrade::ordinary) &&
           std::ranges::find(before_, candidate.at.address) == before_.end();
  });
  const bool just_gone = std::ranges::find(before_, elected_->address) != before_.end();
  return !just_gone || found == ranked.end() ? nullptr : &*found;
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
