#include "config/dns_sd_answer.hpp"

#include "common/text.hpp"
#include "config/dns_records.hpp"
#include "config/options.hpp"

#include <algorithm>
#include <utility>

namespace sfa {

namespace {

Result<DnsRecordSet> usable_records(const Result<DnsMessage>& message, const std::string& name, DnsType type,
                                    bool require_ad) {
  if (!message) {
    return tl::unexpected(message.error());
  }
  if (require_ad && !message->authenticated) {
    return failure("the resolver did not authenticate the answer (AD)");
  }
  return select_records(*message, name, type);
}

std::vector<DnsSrv> services_of(const DnsRecordSet& set) {
  std::vector<DnsSrv> services;
  for (const auto& record : set.records) {
    DnsSrv service = std::get<DnsSrv>(record.data);
    service.target = to_lower(service.target);
    if (!service.target.empty()) { // `.`: decidedly not available here (RFC 2782)
      services.push_back(std::move(service));
    }
  }
  std::ranges::sort(services, {}, sort_key);
  services.erase(std::unique(services.begin(), services.end()), services.end());
  services.resize(std::min(services.size(), kMaxServices));
  return services;
}

// The order of strings in a record is kept; servers rotate the records.
std::vector<std::string> texts_of(const DnsRecordSet& set) {
  std::vector<std::vector<std::string>> records;
  for (const auto& record : set.records) {
    records.push_back(std::get<DnsTexts>(record.data).strings);
  }
  std::ranges::sort(records);
  std::vector<std::string> texts;
  for (auto& strings : records) {
    for (auto& string : strings) {
      if (!string.empty() && texts.size() < kMaxTexts) { // RFC 6763, section 6.4
        texts.push_back(std::move(string));
      }
    }
  }
  return texts;
}

} // namespace

std::tuple<int, int, std::string, int> sort_key(const DnsSrv& service) {
  return {service.priority, -service.weight, to_lower(service.target), service.port};
}

std::string dns_sd_name(std::string_view domain) {
  while (domain.starts_with('.')) {
    domain.remove_prefix(1);
  }
  while (domain.ends_with('.')) {
    domain.remove_suffix(1);
  }
  return fmt::format("_sflow._udp.{}", domain);
}

bool is_usable(const DnsSdAnswer& answer, const DnsSdConfig& config) {
  return (config.domain.empty() || equal_ignoring_case(answer.name, dns_sd_name(config.domain))) &&
         (!config.require_ad || answer.authenticated);
}

Result<CollectorConfig> collector_of(const DnsSrv& service) {
  // As DNS has it, the name is whole: the dot keeps the search list away from it.
  const bool is_address = IpAddress::parse(service.target).has_value();
  CollectorConfig collector{.host = service.target + (is_address ? "" : "."), .port = service.port};
  const bool is_host = parse_value(find_option("collector", "ip")->option->type, collector.host).has_value();
  if (!is_host || service.port == 0) {
    return failure("target {} port {}: found {}, expected a host name and a port from 1", service.target,
                   service.port, is_host ? "port 0" : "no host name");
  }
  return collector;
}

DnsSdResult judge(const std::string& name, const Result<DnsMessage>& srv, const Result<DnsMessage>& txt,
                  bool require_ad) {
  const auto services = usable_records(srv, name, DnsType::srv, require_ad);
  if (!services) {
    return {.kind = DnsSdResult::Kind::failed, .error = services.error().in(name + " SRV")};
  }
  if (services->records.empty()) {
    return {.kind = DnsSdResult::Kind::absent,
            .answer = {.name = name, .authenticated = services->authenticated},
            .ttl = services->ttl};
  }
  DnsSdResult result{.kind = DnsSdResult::Kind::answer,
                     .answer = {.name = name,
                                .services = services_of(*services),
                                .texts = {},
                                .authenticated = services->authenticated},
                     .ttl = services->ttl};
  const auto& all = result.answer.services;
  if (!all.empty() && std::ranges::none_of(all, [](const auto& s) { return collector_of(s).has_value(); })) {
    return {.kind = DnsSdResult::Kind::failed, .error = collector_of(all.front()).error().in(name + " SRV")};
  }
  if (const auto texts = usable_records(txt, name, DnsType::txt, require_ad)) {
    result.answer.texts = texts_of(*texts);
    result.answer.authenticated = services->authenticated && texts->authenticated;
    result.ttl = std::min(services->ttl, texts->ttl);
  } else {
    result.error = texts.error().in(name + " TXT");
  }
  return result;
}

DnsSdWalk::DnsSdWalk(std::vector<std::string> names, std::string in_force)
    : names_(std::move(names)), in_force_(std::move(in_force)) {}

void DnsSdWalk::concluded(DnsSdResult result) {
  using enum DnsSdResult::Kind;
  const bool held = result.kind == failed && names_.at(at_) == in_force_;
  if (result.kind == answer || held) {
    result_ = std::move(result);
    over_ = true;
    return;
  }
  const bool first_failure = result.kind == failed && result_.kind == absent;
  if (at_ == 0 || first_failure) {
    result_ = std::move(result);
  } else if (result.kind == absent) {
    result_.ttl = std::min(result_.ttl, result.ttl);
  }
  over_ = ++at_ == names_.size();
}

} // namespace sfa
