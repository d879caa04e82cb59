#include "dns/dns_message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <iterator>
#include <string_view>

namespace sfa::dns {

namespace {

struct Malformed : std::exception {
  explicit Malformed(const char* what) : text(what) {}
  [[nodiscard]] const char* what() const noexcept override { return text; }
  const char* text;
};

constexpr std::uint16_t kClassIn = 1;

// Reads forward and throws at the end, so that no field needs a check of its own.
class Reader {
public:
  Reader(std::span<const std::uint8_t> message, std::size_t at, std::size_t end)
      : message_(message), at_(at), end_(end) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }

  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (count > end_ - at_) {
      throw Malformed("cut short");
    }
    at_ += count;
    return message_.subspan(at_ - count, count);
  }
  std::uint8_t u8() { return bytes(1)[0]; }
  std::uint16_t u16() {
    const auto b = bytes(2);
    return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  // RFC 2181, section 8: a TTL with the top bit set counts as 0.
  std::chrono::seconds ttl() {
    const std::uint32_t value = u32();
    return std::chrono::seconds(value > 0x7fffffff ? 0 : value);
  }
  std::string string() { // RFC 1035, section 3.3: <character-string>
    const auto b = bytes(u8());
    return {b.begin(), b.end()};
  }
  std::string name();

private:
  std::span<const std::uint8_t> message_;
  std::size_t at_;
  std::size_t end_;
};

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

// RFC 1035, section 4.1.4. A pointer may only lead backwards from where the part before it began, so no chain
// of them can go on for ever; more of them than a name has labels would only take long.
std::string Reader::name() {
  constexpr std::uint8_t kPointer = 0xc0;
  constexpr std::size_t kMaxName = 255; // bytes on the wire (section 2.3.4)
  constexpr int kMaxPointers = 127;
  int pointers = 0;
  std::string result;
  std::size_t size = 1;
  std::size_t begin = at_;
  Reader* reader = this;
  Reader elsewhere(message_, 0, 0);
  while (const std::uint8_t length = reader->u8()) {
    if ((length & kPointer) == kPointer) {
      const auto target = static_cast<std::size_t>((length & ~kPointer) << 8 | reader->u8());
      if (target >= begin) {
        throw Malformed("a compressed name that does not lead backwards");
      }
      if (++pointers > kMaxPointers) {
        throw Malformed("a compressed name of too many parts");
      }
      begin = target;
      elsewhere = Reader(message_, target, message_.size());
      reader = &elsewhere;
      continue;
    }
    size += 1U + length;
    if ((length & kPointer) != 0 || size > kMaxName) {
      throw Malformed("a name that is too long or of an unknown form");
    }
    append_label(result, reader->bytes(length));
  }
  return result;
}

template <std::size_t N>
IpAddress address(Reader& reader) {
  std::array<std::uint8_t, N> bytes{};
  std::ranges::copy(reader.bytes(N), bytes.begin());
  return IpAddress(bytes);
}

DnsSrv srv(Reader& reader) {
  DnsSrv result;
  result.priority = reader.u16();
  result.weight = reader.u16();
  result.port = reader.u16();
  result.target = reader.name();
  return result;
}

DnsTexts texts(Reader& reader) {
  DnsTexts result;
  while (!reader.at_end()) {
    result.strings.push_back(reader.string());
  }
  return result;
}

DnsSoa soa(Reader& reader) {
  reader.name();                                                   // MNAME
  reader.name();                                                   // RNAME
  constexpr std::size_t kUpToMinimum = 4U * sizeof(std::uint32_t); // SERIAL, REFRESH, RETRY, EXPIRE
  reader.bytes(kUpToMinimum);
  return {.minimum = reader.ttl()};
}

decltype(DnsRecord::data) record_data(DnsType type, Reader& reader) {
  switch (type) {
  case DnsType::a:
    return address<4>(reader);
  case DnsType::aaaa:
    return address<16>(reader);
  case DnsType::ns:
  case DnsType::cname:
  case DnsType::dname:
    return DnsName{reader.name()};
  case DnsType::srv:
    return srv(reader);
  case DnsType::txt:
    return texts(reader);
  case DnsType::soa:
    return soa(reader);
  }
  return std::monostate{};
}

std::vector<DnsRecord> section(std::span<const std::uint8_t> message, Reader& reader, std::size_t count) {
  std::vector<DnsRecord> records;
  for (std::size_t i = 0; i < count; ++i) {
    DnsRecord record;
    record.name = reader.name();
    record.type = static_cast<DnsType>(reader.u16());
    const auto record_class = reader.u16();
    record.ttl = reader.ttl();
    const std::size_t size = reader.u16();
    const std::size_t begin = reader.at();
    reader.bytes(size);
    if (record_class != kClassIn) {
      continue;
    }
    Reader data(message, begin, begin + size);
    record.data = record_data(record.type, data);
    if (!std::holds_alternative<std::monostate>(record.data) && !data.at_end()) {
      throw Malformed("a record that is longer than its type allows");
    }
    records.push_back(std::move(record));
  }
  return records;
}

} // namespace

Result<DnsMessage> parse_dns_message(std::span<const std::uint8_t> bytes) {
  constexpr unsigned kResponse = 0x8000; // of the flags (RFC 1035, section 4.1.1; RFC 4035, section 3.2.3)
  constexpr unsigned kTruncated = 0x0200;
  constexpr unsigned kAuthenticData = 0x0020;
  constexpr unsigned kRcode = 0x000f;
  try {
    Reader reader(bytes, 0, bytes.size());
    reader.u16(); // id: c-ares has matched it
    const unsigned flags = reader.u16();
    if ((flags & kResponse) == 0) {
      return failure("not an answer");
    }
    if ((flags & kTruncated) != 0) {
      return failure("truncated by the server, over TCP too"); // c-ares has asked over TCP before
    }
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    const auto authorities = reader.u16();
    reader.u16(); // additional records
    for (unsigned i = 0; i < questions; ++i) {
      reader.name();
      reader.u32(); // type and class
    }
    DnsMessage message;
    message.rcode = static_cast<DnsRcode>(flags & kRcode);
    message.authenticated = (flags & kAuthenticData) != 0;
    message.answers = section(bytes, reader, answers);
    message.authorities = section(bytes, reader, authorities);
    return message;
  } catch (const Malformed& error) {
    return failure("malformed DNS message: {}", error.what());
  }
}

} // namespace sfa::dns
