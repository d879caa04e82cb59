// DNS-SD as sFlow uses it: SRV and TXT records of `_sflow._udp` in a domain. From two DNS answers to one
// value, or to the reason why there is none. Pure.
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

// What is used of hostile answers at most; a zone has a handful.
inline constexpr std::size_t kMaxServices = 32;
inline constexpr std::size_t kMaxTexts = 256;

// In one order, whatever order the server chose: equal records are equal values.
struct DnsSdAnswer {
  std::string name; // that was asked for: "_sflow._udp.example.com"
  std::vector<dns::DnsSrv> services =
      {};                              // names in lower case, without duplicates; none = the service is off
  std::vector<std::string> texts = {}; // the strings of all TXT records
  bool authenticated = false;          // both answers were

  bool operator==(const DnsSdAnswer&) const = default;
};

// The order in which services are kept and shown: that of RFC 2782, with chance left out.
[[nodiscard]] std::tuple<int, int, std::string, int> sort_key(const dns::DnsSrv& service);

// "_sflow._udp.example.com" of "example.com" and of ".example.com".
[[nodiscard]] std::string dns_sd_name(std::string_view domain);

// Whether an answer that was given earlier fits what is configured now.
[[nodiscard]] bool is_usable(const DnsSdAnswer& answer, const config::DnsSdConfig& config);

// The collector that an SRV record names. The error: it names none.
[[nodiscard]] Result<config::CollectorConfig> collector_of(const dns::DnsSrv& service);

// What came of asking.
struct DnsSdResult {
  enum class Kind { answer, absent, failed };
  Kind kind = Kind::failed;
  DnsSdAnswer answer = {};     // of `absent` without services and texts
  std::chrono::seconds ttl{0}; // for how long an answer or an absence may be kept
  Error error = {};            // of `failed`; of an answer: why its texts are missing, if they are
  [[nodiscard]] bool texts_missing() const { return kind == Kind::answer && !error.message.empty(); }
};

// SRV says whether there is the service; TXT may be absent, and its failure costs only the texts. SRV records
// none of which names a collector are a failure: what is in force is better than what they leave.
// `require_ad`: what the resolver did not authenticate is a failure, an absence too.
[[nodiscard]] DnsSdResult judge(const std::string& name, const Result<dns::DnsMessage>& srv,
                                const Result<dns::DnsMessage>& txt, bool require_ad);

// Several names in the order of the search list: the first one that has the service. One that fails is passed
// over, unless what is in force came from it: a failure must not move hosts to another domain.
class DnsSdWalk {
public:
  // `names` is not empty.
  DnsSdWalk(std::vector<std::string> names, std::string in_force);
  // To be asked next; nothing when the walk is over.
  [[nodiscard]] const std::string* next() const { return over_ ? nullptr : &names_.at(at_); }
  void concluded(DnsSdResult result);
  [[nodiscard]] const DnsSdResult& result() const { return result_; }

private:
  std::vector<std::string> names_;
  std::string in_force_;
  std::size_t at_ = 0;
  bool over_ = false;
  DnsSdResult result_;
};

} // namespace sfa::dnssd
