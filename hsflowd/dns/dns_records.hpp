// What a DNS answer says about one name and type, aliases followed. Pure.
#pragma once

#include "common/result.hpp"
#include "dns/dns_message.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::dns {

struct DnsRecordSet {
  std::vector<DnsRecord> records;   // of the type asked for; empty = the name, or the type there, is not
  std::vector<std::string> aliases; // names that CNAME (RFC 1034) and DNAME (RFC 6672) led to, in their order
  // The smallest TTL of all records used; that of an absence is said by the zone's SOA (RFC 2308, section 5),
  // and 300 s where there is none.
  std::chrono::seconds ttl{0};
  bool authenticated = false;

  bool operator==(const DnsRecordSet&) const = default;
};

// The error: an answer that is none, such as SERVFAIL, a referral, aliases in a circle.
[[nodiscard]] Result<DnsRecordSet> select_records(const DnsMessage& message, std::string_view name,
                                                  DnsType type);

} // namespace sfa::dns
