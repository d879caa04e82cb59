#include "collectors/collector_resolver.hpp"

#include <chrono>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::collectors {

namespace {

MonotonicTime now() {
  return std::chrono::steady_clock::now();
}

} // namespace

CollectorResolver::CollectorResolver(EventLoop& loop, dns::DnsClient& dns, std::mt19937 random,
                                     Callback changed)
    : names_(random), dns_(dns), changed_(std::move(changed)), due_(loop.timer([this] { look_up(); })) {}

bool CollectorResolver::configure(const config::Config& config) {
  if (config.collectors == configured_ && config.agent_host == agent_host_) {
    return false;
  }
  configured_ = config.collectors;
  agent_host_ = config.agent_host;
  names_.configure(configured_, agent_host_, now());
  const auto gone = [&](const auto& item) { return !names_.names().contains(item.first); };
  std::erase_if(lookups_, gone);
  std::erase_if(states_, gone);
  look_up();
  return true;
}

void CollectorResolver::refresh() {
  names_.refresh(now());
  look_up();
}

void CollectorResolver::retry_failed() {
  names_.retry_failed(now());
  look_up();
}

void CollectorResolver::look_up() {
  for (const auto& name : names_.take_due(now())) {
    lookups_[name] = dns_.addresses(name, [this, name](const auto& answer) { answered(name, answer); });
  }
  if (const auto next = names_.next_due()) {
    due_.arm_at(*next);
  } else {
    due_.disarm();
  }
}

void CollectorResolver::answered(const std::string& name,
                                 const Result<std::vector<dns::DnsAddress>>& answer) {
  const auto before = std::pair(names_.targets(), names_.agent_ip());
  auto& state = states_.try_emplace(name, fmt::format("lookup of {}", name)).first->second;
  if (answer) {
    names_.answered(name, *answer, now());
    for (const auto& [address, ttl] : *answer) {
      spdlog::debug("lookup of {}: {}, TTL {} s", name, address.to_string(), ttl.count());
    }
    const auto problem = names_.problem(name);
    problem ? state.failed(*problem) : state.ok();
  } else {
    names_.failed(name, now());
    state.failed(answer.error());
  }
  look_up();
  if (std::pair(names_.targets(), names_.agent_ip()) != before) {
    changed_();
  }
}

std::vector<std::string> CollectorResolver::problems() const {
  std::vector<std::string> result;
  for (const auto& [name, state] : states_) {
    if (!state.failure_text().empty()) {
      result.push_back(fmt::format("{}: {}", state.subject(), state.failure_text()));
    }
  }
  return result;
}

} // namespace sfa::collectors
