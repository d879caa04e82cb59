// Checks a zone as hosts would resolve it. Pure.
#pragma once

#include "config/diagnostic.hpp"
#include "dnssd/dns_sd_answer.hpp"

#include <map>
#include <string>
#include <vector>

namespace sfa::dnssd {

struct TargetAnswers {
  Result<dns::DnsMessage> a = failure("not asked");
  Result<dns::DnsMessage> aaaa = failure("not asked");
};

struct ZoneAnswers {
  std::string name; // "_sflow._udp.example.com"
  Result<dns::DnsMessage> srv = failure("not asked");
  Result<dns::DnsMessage> txt = failure("not asked");
  std::map<std::string, TargetAnswers> targets; // of SRV, in lower case
};

struct ZoneReport {
  std::string text; // records with TTLs and addresses, and the resulting settings; whole lines
  std::vector<config::Diagnostic> problems; // errors: some host would not do what the zone intends
};

// The host names to look up for `targets`.
[[nodiscard]] std::vector<std::string> zone_targets(const ZoneAnswers& answers);

[[nodiscard]] ZoneReport check_zone(const ZoneAnswers& answers, const config::DnsSdConfig& config);

} // namespace sfa::dnssd
