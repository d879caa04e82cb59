#include "collectors/collector_names.hpp"

#include <algorithm>
#include <utility>

namespace sfa::collectors {

namespace {

bool contains(std::span<const IpAddress> addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

// Datagrams to an IPv6 address cannot leave from an IPv4 one.
bool reaches(const std::optional<IpAddress>& source, const IpAddress& address) {
  return !source || source->is_v4() == address.is_v4();
}

bool belongs_to(const Collector& collector, const config::CollectorConfig& config) {
  return collector.name == config.host && collector.port == config.port &&
         collector.device == config.device && collector.source == config.source &&
         collector.network_namespace == config.network_namespace;
}

} // namespace

std::vector<IpAddress> merge(std::span<const IpAddress> known, std::span<const dns::DnsAddress> answer) {
  std::vector<IpAddress> result;
  for (const auto& address : known) {
    if (std::ranges::find(answer, address, &dns::DnsAddress::address) != answer.end()) {
      result.push_back(address);
    }
  }
  for (const auto& [address, ttl] : answer) {
    if (result.size() < kMaxAddresses && !contains(result, address)) {
      result.push_back(address);
    }
  }
  return result;
}

void CollectorNames::add_name(const std::string& host, std::map<std::string, Name>& old_names,
                              MonotonicTime now) {
  Name& name = names_[host];
  if (const auto known = old_names.find(host); known != old_names.end()) {
    name = std::move(known->second);
    old_names.erase(known);
  }
  name.failures = 0;
  name.due = now;
}

void CollectorNames::configure(const std::vector<config::CollectorConfig>& collectors,
                               const std::string& agent_host, MonotonicTime now) {
  const auto old_entries = std::exchange(entries_, {});
  auto old_names = std::exchange(names_, {});
  for (const auto& config : collectors) {
    if (const auto address = IpAddress::parse(config.host)) {
      entries_.push_back({config, *address});
      continue;
    }
    const auto old = std::ranges::find(old_entries, config, &Entry::config);
    entries_.push_back({config, old == old_entries.end() ? std::nullopt : old->address});
    add_name(config.host, old_names, now);
  }
  agent_host_ = agent_host;
  if (!agent_host_.empty()) {
    add_name(agent_host_, old_names, now);
  }
}

void CollectorNames::remember(std::span<const Collector> collectors,
                              const std::optional<IpAddress>& agent_ip) {
  for (auto& [host, name] : names_) {
    if (!name.addresses.empty()) {
      continue;
    }
    for (const auto& collector : collectors) {
      if (collector.name == host && !contains(name.addresses, collector.address)) {
        name.addresses.push_back(collector.address);
      }
    }
    if (host == agent_host_ && agent_ip && !contains(name.addresses, *agent_ip)) {
      name.addresses.insert(name.addresses.begin(), *agent_ip);
    }
  }
}

std::vector<std::string> CollectorNames::take_due(MonotonicTime now) {
  std::vector<std::string> due;
  for (auto& [host, name] : names_) {
    if (!name.under_way && name.due <= now) {
      name.under_way = true;
      due.push_back(host);
    }
  }
  return due;
}

std::optional<MonotonicTime> CollectorNames::next_due() const {
  std::optional<MonotonicTime> next;
  for (const auto& [host, name] : names_) {
    if (!name.under_way) {
      next = next ? std::min(*next, name.due) : name.due;
    }
  }
  return next;
}

void CollectorNames::answered(const std::string& host, std::span<const dns::DnsAddress> answer,
                              MonotonicTime now) {
  if (const auto found = names_.find(host); found != names_.end()) {
    Name& name = found->second;
    const std::chrono::milliseconds wait = dns::refresh_after(answer);
    const std::chrono::milliseconds spread(
        std::uniform_int_distribution<std::int64_t>(0, wait.count() / 10)(random_));
    name = {.addresses = merge(name.addresses, answer), .due = now + wait + spread};
  }
}

void CollectorNames::failed(const std::string& host, MonotonicTime now) {
  if (const auto found = names_.find(host); found != names_.end()) {
    Name& name = found->second;
    name.under_way = false;
    name.failures += 1;
    name.due = now + dns::back_off(name.failures);
  }
}

void CollectorNames::retry_failed(MonotonicTime now) {
  for (auto& [host, name] : names_) {
    if (name.failures > 0) {
      name.failures = 0;
      name.due = now;
    }
  }
}

std::span<const IpAddress> CollectorNames::addresses_of(const std::string& host) const {
  const auto name = names_.find(host);
  return name == names_.end() ? std::span<const IpAddress>() : name->second.addresses;
}

std::optional<IpAddress> CollectorNames::agent_ip() const {
  const auto addresses = addresses_of(agent_host_);
  return addresses.empty() ? std::nullopt : std::optional(addresses.front());
}

std::optional<Error> CollectorNames::problem(const std::string& host) const {
  const auto addresses = addresses_of(host);
  for (const auto& [config, address] : entries_) {
    const auto can_reach = [&, &source = config.source](const IpAddress& to) { return reaches(source, to); };
    if (config.host == host && config.source && std::ranges::none_of(addresses, can_reach)) {
      return Error{fmt::format("no {} address, which the source address {} needs",
                               config.source->is_v4() ? "IPv4" : "IPv6", config.source->to_string())};
    }
  }
  return std::nullopt;
}

std::optional<Collector> CollectorNames::resolved(const Entry& entry) const {
  Collector collector{.address = entry.address.value_or(IpAddress()),
                      .port = entry.config.port,
                      .device = entry.config.device,
                      .network_namespace = entry.config.network_namespace,
                      .source = entry.config.source};
  if (!names_.contains(entry.config.host)) {
    return collector;
  }
  collector.name = entry.config.host;
  const auto addresses = addresses_of(entry.config.host);
  if (contains(addresses, collector.address)) {
    return collector;
  }
  const auto first = std::ranges::find_if(
      addresses, [&](const IpAddress& address) { return reaches(collector.source, address); });
  if (first == addresses.end()) {
    return std::nullopt;
  }
  collector.address = *first;
  return collector;
}

std::vector<Collector> CollectorNames::collectors() const {
  std::vector<Collector> result;
  for (const auto& entry : entries_) {
    if (auto collector = resolved(entry)) {
      result.push_back(*std::move(collector));
    }
  }
  return result;
}

std::vector<IpAddress> CollectorNames::others(const Collector& collector) const {
  const auto addresses = addresses_of(collector.name);
  std::vector<IpAddress> result(addresses.begin(), addresses.end());
  // Round from the one behind it, so that each failure begins where the last one ended.
  const auto at = std::ranges::find(result, collector.address);
  if (at != result.end()) {
    std::rotate(result.begin(), at, result.end());
    result.erase(result.begin());
  }
  std::erase_if(result, [&](const IpAddress& address) { return !reaches(collector.source, address); });
  return result;
}

void CollectorNames::move(const Collector& collector, const IpAddress& address) {
  for (auto& entry : entries_) {
    if (belongs_to(collector, entry.config)) {
      entry.address = address;
    }
  }
}

} // namespace sfa::collectors
