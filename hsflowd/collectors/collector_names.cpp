#include "collectors/collector_names.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfa::collectors {

namespace {

bool contains(std::span<const IpAddress> addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

// A socket that is bound to an IPv4 address cannot send to an IPv6 address, and vice versa.
bool reaches(const std::optional<IpAddress>& source, const IpAddress& address) {
  return !source || source->is_v4() == address.is_v4();
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
  collectors_ = collectors;
  auto old_names = std::exchange(names_, {});
  for (const auto& config : collectors_) {
    if (!IpAddress::parse(config.host)) {
      add_name(config.host, old_names, now);
    }
  }
  agent_host_ = agent_host;
  if (!agent_host_.empty()) {
    add_name(agent_host_, old_names, now);
  }
}

std::vector<KnownName> merge_known(KnownName now, std::vector<KnownName> before) {
  std::erase_if(before, [&](const KnownName& name) { return name.name == now.name; });
  before.insert(before.begin(), std::move(now));
  before.resize(std::min(before.size(), kMaxKnownNames));
  return before;
}

std::vector<KnownName> CollectorNames::remember(const std::vector<KnownName>& known) {
  std::vector<KnownName> remembered;
  for (const auto& each : known) {
    const auto found = names_.find(each.name);
    if (found == names_.end() || !found->second.addresses.empty() || each.addresses.empty()) {
      continue;
    }
    const auto count = std::min(each.addresses.size(), kMaxAddresses);
    found->second.addresses.assign(each.addresses.begin(),
                                   each.addresses.begin() + static_cast<std::ptrdiff_t>(count));
    found->second.saved_at = each.answered_at;
    remembered.push_back(each);
  }
  return remembered;
}

std::vector<std::string> CollectorNames::take_due(MonotonicTime now) {
  std::vector<std::string> due;
  for (auto& [host, name] : names_) {
    if (!name.pending && name.due <= now) {
      name.pending = true;
      due.push_back(host);
    }
  }
  return due;
}

std::optional<MonotonicTime> CollectorNames::next_due() const {
  std::optional<MonotonicTime> next;
  for (const auto& [host, name] : names_) {
    if (!name.pending) {
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
    name.pending = false;
    name.failures += 1;
    name.due = now + dns::back_off(name.failures);
  }
}

void CollectorNames::refresh(MonotonicTime now) {
  for (auto& [host, name] : names_) {
    name.failures = 0;
    name.due = now;
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
  for (const auto& config : collectors_) {
    const auto can_reach = [&, &source = config.source](const IpAddress& to) { return reaches(source, to); };
    if (config.host == host && config.source && std::ranges::none_of(addresses, can_reach)) {
      return Error{fmt::format("no {} address, which the source address {} needs",
                               config.source->is_v4() ? "IPv4" : "IPv6", config.source->to_string())};
    }
  }
  return std::nullopt;
}

std::vector<Target> CollectorNames::targets() const {
  std::vector<Target> result;
  for (const auto& config : collectors_) {
    Collector collector{.address = {},
                        .port = config.port,
                        .device = config.device,
                        .network_namespace = config.network_namespace,
                        .source = config.source};
    std::vector<IpAddress> addresses;
    if (const auto address = IpAddress::parse(config.host)) {
      addresses = {*address};
    } else {
      collector.name = config.host;
      std::ranges::copy_if(addresses_of(config.host), std::back_inserter(addresses),
                           [&](const IpAddress& to) { return reaches(config.source, to); });
    }
    if (!addresses.empty()) {
      collector.address = addresses.front();
      result.push_back({std::move(collector), std::move(addresses)});
    }
  }
  return result;
}

} // namespace sfa::collectors
