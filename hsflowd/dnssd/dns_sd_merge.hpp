// Merges the configuration file and a DNS-SD answer into the active configuration. Pure.
#pragma once

#include "config/load.hpp"
#include "dnssd/dns_sd_answer.hpp"

#include <vector>

namespace sfa::dnssd {

struct MergedConfig {
  config::Config config;
  config::Origins origins;
  std::vector<config::Diagnostic> problems; // of the records; `file` names the record

  bool operator==(const MergedConfig&) const = default;
};

// All collectors come from DNS: from SRV records, and from `collector` in TXT. Other options come from DNS if
// it has a valid value, otherwise from the file, otherwise from the default. Prefixes that the file excludes
// (`agent.cidr = !...`) stay excluded.
[[nodiscard]] MergedConfig merge_dns_sd(const config::Config& file, const config::Origins& origins,
                                        const DnsSdAnswer& answer);

} // namespace sfa::dnssd
