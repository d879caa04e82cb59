// What hosts see of a zone, in words, and what is wrong with it. Pure.
#pragma once

#include "config/diagnostic.hpp"
#include "config/dns_sd_answer.hpp"

#include <map>
#include <string>
#include <vector>

namespace sfa {

struct TargetAnswers {
  Result<DnsMessage> a = failure("not asked");
  Result<DnsMessage> aaaa = failure("not asked");
};

struct ZoneAnswers {
  std::string name; // "_sflow._udp.example.com"
  Result<DnsMessage> srv = failure("not asked");
  Result<DnsMessage> txt = failure("not asked");
  std::map<std::string, TargetAnswers> targets; // of SRV, in lower case
};

struct ZoneReport {
  std::string text; // records with TTLs and addresses, and what hosts make of them; whole lines
  std::vector<Diagnostic> problems; // an error: some host would do something else than the zone means
};

// The host names to be looked up for `targets`.
[[nodiscard]] std::vector<std::string> zone_targets(const ZoneAnswers& answers);

[[nodiscard]] ZoneReport check_zone(const ZoneAnswers& answers, const DnsSdConfig& config);

} // namespace sfa
