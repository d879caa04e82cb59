// From the configuration file and an answer of DNS to the configuration in force. Pure.
#pragma once

#include "config/load.hpp"
#include "dnssd/dns_sd_answer.hpp"

#include <vector>

namespace sfa::dnssd {

struct MergedConfig {
  config::Config config;
  config::Origins origins;
  std::vector<config::Diagnostic> problems; // what is wrong with the records; `file` names the record

  bool operator==(const MergedConfig&) const = default;
};

// DNS alone says which collectors there are: its SRV records, and beside these `collector` in TXT. Of the
// other options it sets those that it names; where it is silent or wrong, the file's value holds, then the
// default. Prefixes that the file excludes (`agent.cidr = !...`) stay excluded.
[[nodiscard]] MergedConfig merge_dns_sd(const config::Config& file, const config::Origins& origins,
                                        const DnsSdAnswer& answer);

} // namespace sfa::dnssd
