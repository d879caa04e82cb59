#include "dnssd/dns_sd_lookup.hpp"

#include <utility>

namespace sfa::dnssd {

DnsSdLookup::DnsSdLookup(dns::DnsClient& dns, std::vector<std::string> names, std::string active,
                         bool require_ad, Done done)
    : dns_(dns), search_(std::move(names), std::move(active)), require_ad_(require_ad),
      done_(std::move(done)) {
  ask();
}

void DnsSdLookup::ask() {
  const std::string& name = *search_.next();
  srv_.reset();
  txt_.reset();
  srv_lookup_ = dns_.records(name, dns::DnsType::srv, [this](const auto& answer) {
    srv_ = answer;
    answered();
  });
  txt_lookup_ = dns_.records(name, dns::DnsType::txt, [this](const auto& answer) {
    txt_ = answer;
    answered();
  });
}

void DnsSdLookup::answered() {
  if (!srv_ || !txt_) {
    return;
  }
  search_.finished(evaluate(*search_.next(), *srv_, *txt_, require_ad_));
  if (search_.next() != nullptr) {
    ask();
    return;
  }
  const auto done = std::move(done_); // may destroy this object
  const auto result = search_.result();
  done(result);
}

} // namespace sfa::dnssd
