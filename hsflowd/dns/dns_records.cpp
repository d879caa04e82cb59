#include "dns/dns_records.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <optional>

namespace sfa::dns {

namespace {

constexpr std::chrono::seconds kNoSoa{300};

// The target of a CNAME at `name`, or of a DNAME above it.
std::optional<std::string> alias_of(const DnsRecord& record, std::string_view name) {
  const auto* to = std::get_if<DnsName>(&record.data);
  if (to == nullptr) {
    return std::nullopt;
  }
  if (record.type == DnsType::cname && equal_ignoring_case(record.name, name)) {
    return to->name;
  }
  const std::string suffix = "." + record.name;
  if (record.type != DnsType::dname || name.size() <= suffix.size() ||
      !equal_ignoring_case(name.substr(name.size() - suffix.size()), suffix)) {
    return std::nullopt;
  }
  return fmt::format("{}.{}", name.substr(0, name.size() - suffix.size()), to->name);
}

// The alias at `name`, of one kind.
const DnsRecord* find_alias(const DnsMessage& message, DnsType kind, std::string_view name) {
  const auto found = std::ranges::find_if(message.answers, [&](const DnsRecord& record) {
    return record.type == kind && alias_of(record, name).has_value();
  });
  return found == message.answers.end() ? nullptr : &*found;
}

std::optional<std::chrono::seconds> negative_ttl(const DnsMessage& message) {
  for (const auto& record : message.authorities) {
    if (const auto* soa = std::get_if<DnsSoa>(&record.data)) {
      return std::min(record.ttl, soa->minimum);
    }
  }
  return std::nullopt;
}

// Only an authoritative answer proves that a record does not exist (RFC 2308, section 2.2).
Result<void> check_absence(const DnsMessage& message, const DnsRecordSet& set) {
  if (message.rcode == DnsRcode::name_error || negative_ttl(message)) {
    return {};
  }
  if (std::ranges::find(message.authorities, DnsType::ns, &DnsRecord::type) != message.authorities.end()) {
    return failure("the server refers to others and does not ask them");
  }
  if (!set.aliases.empty()) {
    return failure("the server does not follow the alias to {}", set.aliases.back());
  }
  return {};
}

} // namespace

Result<DnsRecordSet> select_records(const DnsMessage& message, std::string_view name, DnsType type) {
  constexpr std::size_t kMaxAliases = 16;
  if (message.rcode != DnsRcode::no_error && message.rcode != DnsRcode::name_error) {
    return failure("the server answers with error code {}", static_cast<unsigned>(message.rcode));
  }
  DnsRecordSet set{.records = {},
                   .aliases = {},
                   .ttl = std::chrono::seconds::max(),
                   .authenticated = message.authenticated};
  std::string current(name);
  while (true) {
    for (const auto& record : message.answers) {
      if (record.type == type && equal_ignoring_case(record.name, current)) {
        set.records.push_back(record);
        set.ttl = std::min(set.ttl, record.ttl);
      }
    }
    // CNAME first: a server adds one to each DNAME (RFC 6672, section 3.1).
    const auto* alias = find_alias(message, DnsType::cname, current);
    alias = alias != nullptr ? alias : find_alias(message, DnsType::dname, current);
    if (!set.records.empty() || alias == nullptr) {
      break;
    }
    if (set.aliases.size() == kMaxAliases) {
      return failure("aliases in a circle, or more than {}", kMaxAliases);
    }
    current = *alias_of(*alias, current);
    set.aliases.push_back(current);
    set.ttl = std::min(set.ttl, alias->ttl);
  }
  if (set.records.empty()) {
    if (const auto known = check_absence(message, set); !known) {
      return error_of(known);
    }
    set.ttl = std::min(set.ttl, negative_ttl(message).value_or(kNoSoa));
  }
  return set;
}

} // namespace sfa::dns
