#include "dnssd/dns_zone.hpp"

#include "common/text.hpp"
#include "config/options.hpp"
#include "dns/dns_records.hpp"
#include "dnssd/dns_sd_merge.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfa::dnssd {

namespace {

using Severity = config::Diagnostic::Severity;

constexpr std::size_t kMaxShown = 1024; // more than a character-string

// A character-string of RFC 1035, section 5.1.
std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte >= ' ' && byte < 0x7f) {
      result += c;
    } else {
      result += fmt::format("\\{:03}", byte);
    }
  }
  return result + '"';
}

class Check {
public:
  Check(const ZoneAnswers& answers, const config::DnsSdConfig& config)
      : answers_(answers), config_(config),
        result_(evaluate(answers.name, answers.srv, answers.txt, config.require_ad)) {}

  ZoneReport report() {
    say("{}\n", answers_.name);
    if (auto set = records(answers_.srv, dns::DnsType::srv, "SRV")) {
      std::ranges::sort(set->records, {}, [](const dns::DnsRecord& record) {
        return sort_key(std::get<dns::DnsSrv>(record.data));
      });
      services(*set);
    }
    if (const auto set = records(answers_.txt, dns::DnsType::txt, "TXT")) {
      texts(*set);
    }
    if (result_.kind == DnsSdResult::Kind::answer) {
      outcome();
    } else if (result_.kind == DnsSdResult::Kind::absent) {
      problem(Severity::error, "SRV", "no records: hosts that query this domain switch sFlow off");
    }
    return std::move(report_);
  }

private:
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(report_.text), format, std::forward<Args>(args)...);
  }

  void problem(Severity severity, std::string_view type, std::string message) {
    report_.problems.push_back({severity, fmt::format("{} {}", answers_.name, type), {}, std::move(message)});
  }

  std::optional<dns::DnsRecordSet> records(const Result<dns::DnsMessage>& answer, dns::DnsType type,
                                           std::string_view shown) {
    const auto set = answer.and_then(
        [&](const dns::DnsMessage& message) { return dns::select_records(message, answers_.name, type); });
    if (!set) {
      problem(Severity::error, shown, set.error().message);
      return std::nullopt;
    }
    if (config_.require_ad && !set->authenticated) {
      problem(Severity::error, shown,
              "the resolver did not authenticate the answer (AD); `require-ad` demands it");
    }
    for (const auto& alias : set->aliases) {
      say("  {} is an alias of {}\n", shown, alias);
    }
    if (set->records.empty()) {
      say("  {}: none, for {} s\n", shown, set->ttl.count());
    }
    return *set;
  }

  void services(const dns::DnsRecordSet& set) {
    bool off = false;
    for (const auto& record : set.records) {
      const auto& [priority, weight, port, target] = std::get<dns::DnsSrv>(record.data);
      say("  SRV, TTL {} s, priority {}, weight {}: {}. port {}\n", record.ttl.count(), priority, weight,
          target, port);
      off = off || target.empty();
      if (IpAddress::parse(target)) {
        problem(Severity::error, "SRV", fmt::format("target {} is an address, expected a host name", target));
      }
      const auto collector = collector_of(std::get<dns::DnsSrv>(record.data));
      if (result_.kind == DnsSdResult::Kind::failed && !target.empty() && !collector) {
        problem(Severity::error, "SRV",
                collector.error().message); // if there is an answer, outcome() reports it
      }
      if (const auto found = answers_.targets.find(to_lower(target)); found != answers_.targets.end()) {
        addresses(found->first, found->second);
      }
    }
    if (off) {
      problem(Severity::warning, "SRV",
              set.records.size() > 1
                  ? "the target `.` means that there is no service, but other records name a service"
                  : "the target `.` means that there is no service: hosts switch sFlow off");
    }
    if (set.records.size() > kMaxServices) {
      problem(Severity::error, "SRV",
              fmt::format("found {} records; only the first {} by priority are used", set.records.size(),
                          kMaxServices));
    }
  }

  void addresses(const std::string& target, const TargetAnswers& answers) {
    std::size_t count = 0;
    for (const auto type : {dns::DnsType::a, dns::DnsType::aaaa}) {
      const auto& answer = type == dns::DnsType::a ? answers.a : answers.aaaa;
      const auto set = answer.and_then(
          [&](const dns::DnsMessage& message) { return dns::select_records(message, target, type); });
      if (!set) {
        problem(Severity::error, "SRV", fmt::format("target {}: {}", target, set.error().message));
        return;
      }
      if (!set->aliases.empty() && type == dns::DnsType::a) {
        problem(Severity::error, "SRV",
                fmt::format("target {} is an alias of {}; RFC 2782 forbids aliases", target,
                            set->aliases.back()));
      }
      for (const auto& record : set->records) {
        say("    {}, TTL {} s\n", std::get<IpAddress>(record.data).to_string(), record.ttl.count());
      }
      count += set->records.size();
    }
    if (count == 0) {
      problem(Severity::error, "SRV", fmt::format("target {} has no address", target));
    }
  }

  void texts(const dns::DnsRecordSet& set) {
    std::size_t count = 0;
    for (const auto& record : set.records) {
      const auto& strings = std::get<dns::DnsTexts>(record.data).strings;
      std::string line;
      for (const auto& string : strings) {
        line += " " + quote(string);
      }
      say("  TXT, TTL {} s:{}\n", record.ttl.count(), line);
      count += strings.size();
    }
    if (set.records.empty()) {
      problem(Severity::warning, "TXT",
              "no record: hosts take all settings except collectors from their files");
    }
    if (set.records.size() > 1) {
      problem(Severity::warning, "TXT", "several records: servers may return them in any order");
    }
    if (count > kMaxTexts) {
      problem(Severity::error, "TXT", fmt::format("found {} strings; only {} are used", count, kMaxTexts));
    }
  }

  void outcome() {
    const MergedConfig merged = merge_dns_sd({}, {}, result_.answer);
    report_.problems.insert(report_.problems.end(), merged.problems.begin(), merged.problems.end());
    say("{}, valid for {} s\n",
        result_.answer.authenticated ? "Authenticated (AD)" : "Not authenticated (AD)",
        std::clamp(result_.ttl, config_.min_ttl, config_.max_ttl).count());
    for (const auto& collector : merged.config.collectors) {
      say("  collector {} port {}{}{}\n", collector.host, collector.port,
          collector.device.empty() ? "" : " through " + collector.device,
          collector.network_namespace.empty() ? "" : " from namespace " + collector.network_namespace);
    }
    for (const auto& option : config::all_options()) {
      if (option.in_dns_txt()) {
        values(option, merged);
      }
    }
  }

  void values(const config::Option& option, const MergedConfig& merged) {
    std::size_t index = 0;
    for (const auto& [name, value] : option.access.get(merged.config, 0)) {
      const std::string key = config::option_key(option, name);
      if (merged.origins.contains(option.repeatable() ? fmt::format("{}[{}]", key, index++) : key)) {
        say("  {} = {}\n", key, printable(config::format_value(value), kMaxShown));
      }
    }
  }

  const ZoneAnswers& answers_;
  const config::DnsSdConfig& config_;
  DnsSdResult result_;
  ZoneReport report_;
};

} // namespace

std::vector<std::string> zone_targets(const ZoneAnswers& answers) {
  std::vector<std::string> names;
  for (const auto& service : evaluate(answers.name, answers.srv, answers.txt, false).answer.services) {
    if (!IpAddress::parse(service.target)) {
      names.push_back(service.target);
    }
  }
  return names;
}

ZoneReport check_zone(const ZoneAnswers& answers, const config::DnsSdConfig& config) {
  return Check(answers, config).report();
}

} // namespace sfa::dnssd
