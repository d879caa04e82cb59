// One refresh of DNS-SD: asks for SRV and TXT side by side, at one name after the other.
#pragma once

#include "dns/dns_client.hpp"
#include "dnssd/dns_sd_answer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sfa::dnssd {

class DnsSdLookup {
public:
  using Done = std::function<void(const DnsSdResult&)>;

  // `names` as for DnsSdWalk. `done` is called once, from the loop, and may destroy this; never once this was
  // destroyed.
  DnsSdLookup(dns::DnsClient& dns, std::vector<std::string> names, std::string in_force, bool require_ad,
              Done done);
  DnsSdLookup(const DnsSdLookup&) = delete;
  DnsSdLookup& operator=(const DnsSdLookup&) = delete;
  DnsSdLookup(DnsSdLookup&&) = delete;
  DnsSdLookup& operator=(DnsSdLookup&&) = delete;
  ~DnsSdLookup() = default;

private:
  void ask();
  void answered();

  dns::DnsClient& dns_;
  DnsSdWalk walk_;
  bool require_ad_;
  Done done_;
  dns::DnsLookup srv_lookup_, txt_lookup_;
  std::optional<Result<dns::DnsMessage>> srv_, txt_;
};

} // namespace sfa::dnssd
