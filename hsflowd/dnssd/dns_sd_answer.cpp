#include "dnssd/dns_sd_answer.hpp"

#include "common/text.hpp"
#include "config/options.hpp"
#include "dns/dns_records.hpp"

#include <algorithm>
#include <utility>

namespace sfa::dnssd {

namespace {

Result<dns::DnsRecordSet> usable_records(const Result<dns::DnsMessage>& message, const std::string& name,
                                         dns::DnsType type, bool require_ad) {
  if (!message) {
    return error_of(message);
  }
  if (require_ad && !message->authenticated) {
    return failure("the resolver did not authenticate the answer (AD)");
  }
  return dns::select_records(*message, name, type);
}

std::vector<dns::DnsSrv> services_of(const dns::DnsRecordSet& set) {
  std::vector<dns::DnsSrv> services;
  for (const auto& record : set.records) {
    dns::DnsSrv service = std::get<dns::DnsSrv>(record.data);
    service.target = to_lower(service.target);
    if (!service.target.empty()) { // `.` means: not available at this domain (RFC 2782)
      services.push_back(std::move(service));
    }
  }
  std::ranges::sort(services, {}, sort_key);
  services.erase(std::unique(services.begin(), services.end()), services.end());
  services.resize(std::min(services.size(), kMaxServices));
  return services;
}

// Servers rotate the records, but not the strings within a record.
std::vector<std::string> texts_of(const dns::DnsRecordSet& set) {
  std::vector<std::vector<std::string>> records;
  for (const auto& record : set.records) {
    records.push_back(std::get<dns::DnsTexts>(record.data).strings);
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

std::tuple<int, int, std::string, int> sort_key(const dns::DnsSrv& service) {
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

bool is_usable(const DnsSdAnswer& answer, const config::DnsSdConfig& config) {
  return (config.domain.empty() || equal_ignoring_case(answer.name, dns_sd_name(config.domain))) &&
         (!config.require_ad || answer.authenticated);
}

Result<config::CollectorConfig> collector_of(const dns::DnsSrv& service) {
  // The name is fully qualified: the final dot keeps the resolver from using its search list.
  const bool is_address = IpAddress::parse(service.target).has_value();
  config::CollectorConfig collector{.host = service.target + (is_address ? "" : "."), .port = service.port};
  const bool is_host =
      config::parse_value(config::find_option("collector", "ip")->option->type, collector.host).has_value();
  if (!is_host || service.port == 0) {
    return failure("target {} port {}: found {}, expected a host name and a port from 1", service.target,
                   service.port, is_host ? "port 0" : "no host name");
  }
  return collector;
}

DnsSdResult evaluate(const std::string& name, const Result<dns::DnsMessage>& srv,
                     const Result<dns::DnsMessage>& txt, bool require_ad) {
  const auto services = usable_records(srv, name, dns::DnsType::srv, require_ad);
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
  if (const auto texts = usable_records(txt, name, dns::DnsType::txt, require_ad)) {
    result.answer.texts = texts_of(*texts);
    result.answer.authenticated = services->authenticated && texts->authenticated;
    result.ttl = std::min(services->ttl, texts->ttl);
  } else {
    result.error = texts.error().in(name + " TXT");
  }
  return result;
}

DnsSdSearch::DnsSdSearch(std::vector<std::string> names, std::string active)
    : names_(std::move(names)), active_(std::move(active)) {}

void DnsSdSearch::finished(DnsSdResult result) {
  using enum DnsSdResult::Kind;
  const bool held = result.kind == failed && names_.at(at_) == active_;
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

} // namespace sfa::dnssd
