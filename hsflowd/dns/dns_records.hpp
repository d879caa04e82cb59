// The records of a DNS answer for one name and type, with aliases followed. Pure.
#pragma once

#include "common/result.hpp"
#include "dns/dns_message.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::dns {

struct DnsRecordSet {
  std::vector<DnsRecord> records;   // of the requested type; empty = the name or the type does not exist
  std::vector<std::string> aliases; // the targets of CNAME (RFC 1034) and DNAME (RFC 6672), in order
  // The smallest TTL of all records used. The TTL of an absence comes from the zone's SOA (RFC 2308,
  // section 5); it is 300 s without one.
  std::chrono::seconds ttl{0};
  bool authenticated = false;

  bool operator==(const DnsRecordSet&) const = default;
};

// Errors are for example SERVFAIL, a referral, and aliases in a circle.
[[nodiscard]] Result<DnsRecordSet> select_records(const DnsMessage& message, std::string_view name,
                                                  DnsType type);

} // namespace sfa::dns
