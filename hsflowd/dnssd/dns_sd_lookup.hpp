// One DNS-SD query: asks for SRV and TXT at the same time, for one name after the other.
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

  // `names` as for DnsSdSearch. `done` is called once, from the loop, and may destroy this object. It is not
  // called after this object is destroyed.
  DnsSdLookup(dns::DnsClient& dns, std::vector<std::string> names, std::string active, bool require_ad,
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
  DnsSdSearch search_;
  bool require_ad_;
  Done done_;
  dns::DnsLookup srv_lookup_, txt_lookup_;
  std::optional<Result<dns::DnsMessage>> srv_, txt_;
};

} // namespace sfa::dnssd
