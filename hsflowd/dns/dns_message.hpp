// DNS messages as values (RFC 1035, section 4). Pure: bytes in, struct out. The bytes may be hostile.
#pragma once

#include "common/ip_address.hpp"
#include "common/result.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sfa::dns {

inline constexpr std::uint16_t kClassIn = 1; // the Internet (RFC 1035, section 3.2.4)

enum class DnsType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  txt = 16,
  aaaa = 28,
  srv = 33,
  dname = 39
};

// RFC 1035, section 4.1.1.
enum class DnsRcode : std::uint8_t { no_error = 0, format_error = 1, server_failure = 2, name_error = 3 };

// Names have dots between labels and none at the end. A dot, a backslash or a byte that is not visible ASCII
// within a label is `\DDD` (RFC 1035, section 5.1). The root is "".
struct DnsName {
  std::string name;

  bool operator==(const DnsName&) const = default;
};

struct DnsSrv { // RFC 2782
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;

  bool operator==(const DnsSrv&) const = default;
};

struct DnsTexts { // RFC 1035, section 3.3.14: character-strings, any bytes
  std::vector<std::string> strings;

  bool operator==(const DnsTexts&) const = default;
};

struct DnsSoa {                    // RFC 1035, section 3.3.13
  std::chrono::seconds minimum{0}; // how long an absence may be cached (RFC 2308, section 4)

  bool operator==(const DnsSoa&) const = default;
};

struct DnsRecord {
  std::string name;
  DnsType type{};
  std::chrono::seconds ttl{0};
  // IpAddress: A, AAAA. DnsName: NS, CNAME, DNAME. monostate: a type that is not in DnsType.
  std::variant<std::monostate, IpAddress, DnsName, DnsSrv, DnsTexts, DnsSoa> data;

  bool operator==(const DnsRecord&) const = default;
};

// An address of a host.
struct DnsAddress {
  IpAddress address;
  std::chrono::seconds ttl{0}; // 0 also for addresses from /etc/hosts

  bool operator==(const DnsAddress&) const = default;
};

// Records of class IN only, without those of the additional section, which are not trusted.
struct DnsMessage {
  DnsRcode rcode{};
  bool authenticated = false; // AD: the resolver validated the answer (RFC 4035, section 3.2.3)
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authorities;

  bool operator==(const DnsMessage&) const = default;
};

// A message that its sender truncated (TC) is an error, too.
[[nodiscard]] Result<DnsMessage> parse_dns_message(std::span<const std::uint8_t> bytes);

} // namespace sfa::dns
