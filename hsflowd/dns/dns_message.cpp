#include "dns/dns_message.hpp"

#include "common/bytes.hpp"

#include <cstddef>
#include <iterator>
#include <string_view>

namespace sfa::dns {

namespace {

// RFC 2181, section 8: a TTL with the top bit set counts as 0.
std::chrono::seconds ttl(ByteReader& in) {
  const std::uint32_t value = in.u32();
  return std::chrono::seconds(value > 0x7fffffff ? 0 : value);
}

std::string character_string(ByteReader& in) { // RFC 1035, section 3.3
  const auto bytes = in.take(in.u8());
  return {bytes.begin(), bytes.end()};
}

void append_label(std::string& name, std::span<const std::uint8_t> label) {
  if (!name.empty()) {
    name += '.';
  }
  for (const auto byte : label) {
    if (byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\') {
      name += static_cast<char>(byte);
    } else {
      fmt::format_to(std::back_inserter(name), "\\{:03}", byte);
    }
  }
}

// RFC 1035, section 4.1.4. A pointer must lead backwards from the start of the part that it ends, so no chain
// of pointers is endless. The limit on their number bounds the time that a chain takes.
std::string domain_name(ByteReader& in) {
  constexpr std::uint8_t kPointer = 0xc0;
  constexpr std::size_t kMaxName = 255; // bytes on the wire (section 2.3.4)
  constexpr int kMaxPointers = 127;     // as many as a name has labels
  int pointers = 0;
  std::string result;
  std::size_t size = 1;
  std::size_t begin = in.offset();
  ByteReader elsewhere = in;
  ByteReader* part = &in;
  while (const std::uint8_t length = part->u8()) {
    if ((length & kPointer) == kPointer) {
      const auto target = static_cast<std::size_t>((length & ~kPointer) << 8 | part->u8());
      if (target >= begin) {
        part->fail("a compressed name that does not lead backwards");
      } else if (++pointers > kMaxPointers) {
        part->fail("a compressed name of too many parts");
      } else {
        begin = target;
        elsewhere = part->at(target);
        part = &elsewhere;
        continue;
      }
      break;
    }
    size += 1U + length;
    if ((length & kPointer) != 0 || size > kMaxName) {
      part->fail("a name that is too long or of an unknown form");
      break;
    }
    append_label(result, part->take(length));
  }
  in.fail_with(*part);
  return result;
}

DnsSrv srv(ByteReader& in) {
  DnsSrv result;
  result.priority = in.u16();
  result.weight = in.u16();
  result.port = in.u16();
  result.target = domain_name(in);
  return result;
}

DnsTexts texts(ByteReader& in) {
  DnsTexts result;
  while (in.remaining() > 0) {
    result.strings.push_back(character_string(in));
  }
  return result;
}

DnsSoa soa(ByteReader& in) {
  domain_name(in);                                                 // MNAME
  domain_name(in);                                                 // RNAME
  constexpr std::size_t kUpToMinimum = 4U * sizeof(std::uint32_t); // SERIAL, REFRESH, RETRY, EXPIRE
  in.skip(kUpToMinimum);
  return {.minimum = ttl(in)};
}

decltype(DnsRecord::data) record_data(DnsType type, ByteReader& in) {
  switch (type) {
  case DnsType::a:
    return IpAddress(in.array<4>());
  case DnsType::aaaa:
    return IpAddress(in.array<16>());
  case DnsType::ns:
  case DnsType::cname:
  case DnsType::dname:
    return DnsName{domain_name(in)};
  case DnsType::srv:
    return srv(in);
  case DnsType::txt:
    return texts(in);
  case DnsType::soa:
    return soa(in);
  }
  return std::monostate{};
}

std::vector<DnsRecord> section(ByteReader& in, std::size_t announced) {
  constexpr std::size_t kSmallestRecord = 11; // the root's name, type, class, TTL, length
  std::vector<DnsRecord> records;
  const std::size_t count = in.elements(announced, kSmallestRecord);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    DnsRecord record;
    record.name = domain_name(in);
    record.type = static_cast<DnsType>(in.u16());
    const auto record_class = in.u16();
    record.ttl = ttl(in);
    ByteReader data = in.part(in.u16());
    if (record_class != kClassIn) {
      continue;
    }
    record.data = record_data(record.type, data);
    if (!std::holds_alternative<std::monostate>(record.data) && data.remaining() > 0) {
      data.fail("a record that is longer than its type allows");
    }
    in.fail_with(data);
    records.push_back(std::move(record));
  }
  return records;
}

// The questions repeat what was asked.
void skip_questions(ByteReader& in, std::size_t announced) {
  constexpr std::size_t kSmallestQuestion = 5; // the root's name, type, class
  const std::size_t count = in.elements(announced, kSmallestQuestion);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    domain_name(in);
    in.skip(4); // type and class
  }
}

} // namespace

Result<DnsMessage> parse_dns_message(std::span<const std::uint8_t> bytes) {
  constexpr unsigned kResponse = 0x8000; // of the flags (RFC 1035, section 4.1.1; RFC 4035, section 3.2.3)
  constexpr unsigned kTruncated = 0x0200;
  constexpr unsigned kAuthenticData = 0x0020;
  constexpr unsigned kRcode = 0x000f;
  ByteReader in(bytes);
  in.skip(2); // id: c-ares has matched it
  const unsigned flags = in.u16();
  if (in.ok() && (flags & kResponse) == 0) {
    return failure("not an answer");
  }
  if ((flags & kTruncated) != 0) {
    return failure("truncated by the server, over TCP too"); // c-ares has asked over TCP before
  }
  const auto questions = in.u16();
  const auto answers = in.u16();
  const auto authorities = in.u16();
  in.skip(2); // additional records
  skip_questions(in, questions);
  DnsMessage message;
  message.rcode = static_cast<DnsRcode>(flags & kRcode);
  message.authenticated = (flags & kAuthenticData) != 0;
  message.answers = section(in, answers);
  message.authorities = section(in, authorities);
  if (!in.ok()) {
    return failure("malformed DNS message: {}", in.error().message);
  }
  return message;
}

} // namespace sfa::dns
