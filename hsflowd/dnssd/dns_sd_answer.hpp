// DNS-SD as sFlow uses it: SRV and TXT records of `_sflow._udp` in a domain. Makes one value of two DNS
// answers, or an error. Pure.
#pragma once

#include "common/result.hpp"
#include "config/config.hpp"
#include "dns/dns_message.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace sfa::dnssd {

// Limits for hostile answers; a zone has a handful of each.
inline constexpr std::size_t kMaxServices = 32;
inline constexpr std::size_t kMaxTexts = 256;

// Sorted, because servers rotate records: equal records make equal values.
struct DnsSdAnswer {
  std::string name;                       // the name queried: "_sflow._udp.example.com"
  std::vector<dns::DnsSrv> services = {}; // in lower case, no duplicates; empty if the service is off
  std::vector<std::string> texts = {};    // the strings of all TXT records
  bool authenticated = false;             // both answers

  bool operator==(const DnsSdAnswer&) const = default;
};

// The order in which services are kept and shown: that of RFC 2782, without its random choice.
[[nodiscard]] std::tuple<int, int, std::string, int> sort_key(const dns::DnsSrv& service);

// "_sflow._udp.example.com" of "example.com" and of ".example.com".
[[nodiscard]] std::string dns_sd_name(std::string_view domain);

// Whether a saved answer matches the configuration.
[[nodiscard]] bool is_usable(const DnsSdAnswer& answer, const config::DnsSdConfig& config);

// The collector that an SRV record names. An error if it does not name a host and a port.
[[nodiscard]] Result<config::CollectorConfig> collector_of(const dns::DnsSrv& service);

// The result of a query for both records.
struct DnsSdResult {
  enum class Kind { answer, absent, failed };
  Kind kind = Kind::failed;
  DnsSdAnswer answer = {};     // if `absent`: without services and texts
  std::chrono::seconds ttl{0}; // of an answer or an absence
  Error error = {};            // if `failed`; if an answer: why its texts are missing
  [[nodiscard]] bool texts_missing() const { return kind == Kind::answer && !error.message.empty(); }
};

// SRV decides whether the service exists. TXT may be absent, and if it fails, only the texts are missing. SRV
// records without any usable collector are a failure: the active answer is better than none. With
// `require_ad`, an answer or an absence that the resolver did not authenticate is a failure.
[[nodiscard]] DnsSdResult evaluate(const std::string& name, const Result<dns::DnsMessage>& srv,
                                   const Result<dns::DnsMessage>& txt, bool require_ad);

// Tries the names of the search list in order, until one has the service. Skips a name whose query fails,
// unless the active answer came from that name: a failure must not move hosts to another domain.
class DnsSdSearch {
public:
  // `names` is not empty.
  DnsSdSearch(std::vector<std::string> names, std::string active);
  // The name to query next; nullptr at the end.
  [[nodiscard]] const std::string* next() const { return over_ ? nullptr : &names_.at(at_); }
  void finished(DnsSdResult result);
  [[nodiscard]] const DnsSdResult& result() const { return result_; }

private:
  std::vector<std::string> names_;
  std::string active_;
  std::size_t at_ = 0;
  bool over_ = false;
  DnsSdResult result_;
};

} // namespace sfa::dnssd
