#include "dns/dns_message.hpp"

#include <catch2/catch.hpp>

namespace sfa::dns_message_test {

using namespace dns;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes u16(unsigned value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xff)};
}

Bytes text(std::string_view characters) {
  return Bytes{static_cast<std::uint8_t>(characters.size())} + Bytes(characters.begin(), characters.end());
}

const Bytes kExample = text("example") + Bytes{0}; // at 12, the question's name
constexpr unsigned kQuestionName = 0xc000 | 12;

Bytes header(unsigned answers, unsigned authorities = 0, unsigned flags = 0x8180) {
  return u16(0x1234) + u16(flags) + u16(1) + u16(answers) + u16(authorities) + u16(0) + kExample + u16(33) +
         u16(1);
}

Bytes record(unsigned type, const Bytes& data, unsigned ttl = 300, unsigned record_class = 1) {
  return u16(kQuestionName) + u16(type) + u16(record_class) + u16(ttl >> 16) + u16(ttl & 0xffff) +
         u16(static_cast<unsigned>(data.size())) + data;
}

const Bytes kSrv = u16(10) + u16(20) + u16(6343) + text("c1") + u16(kQuestionName);

std::string error_of(const Bytes& bytes) {
  const auto parsed = parse_dns_message(bytes);
  REQUIRE(!parsed);
  return parsed.error().message;
}

} // namespace

TEST_CASE("the records of a DNS answer come with their TTLs, types and data") {
  const Bytes v6{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const auto message =
      parse_dns_message(header(6) + record(33, kSrv, 60) + record(16, text("a=1") + text("")) +
                        record(1, {10, 0, 0, 1}, 0x80000001) + record(28, v6) +
                        record(5, text("b") + Bytes{0}) + record(250, {1, 2, 3}));
  REQUIRE(message);
  CHECK(message->rcode == DnsRcode::no_error);
  CHECK(!message->authenticated);
  const std::vector<DnsRecord> expected{
      {"example", DnsType::srv, 60s, DnsSrv{10, 20, 6343, "c1.example"}},
      {"example", DnsType::txt, 300s, DnsTexts{{"a=1", ""}}},
      {"example", DnsType::a, 0s, IpAddress::parse("10.0.0.1").value()},
      {"example", DnsType::aaaa, 300s, IpAddress::parse("2001:db8::1").value()},
      {"example", DnsType::cname, 300s, DnsName{"b"}},
      {"example", static_cast<DnsType>(250), 300s, {}},
  };
  CHECK(message->answers == expected);
}

TEST_CASE("an answer that a name does not exist has its TTL, and whether it was validated") {
  const Bytes soa = Bytes{0} + text("hostmaster") + u16(kQuestionName) + Bytes(16, 9) + u16(0) + u16(90);
  const auto message = parse_dns_message(header(0, 1, 0x81a3) + record(6, soa));
  REQUIRE(message);
  CHECK(message->rcode == DnsRcode::name_error);
  CHECK(message->authenticated);
  CHECK(message->answers.empty());
  CHECK(message->authorities == std::vector<DnsRecord>{{"example", DnsType::soa, 300s, DnsSoa{90s}}});
}

TEST_CASE("records of another class than IN are skipped") {
  CHECK(parse_dns_message(header(1) + record(33, kSrv, 60, 3)).value().answers.empty());
}

TEST_CASE("bytes of a name that could be misread are escaped") {
  const auto message = parse_dns_message(header(1) + record(5, text("a.b\\") + text("\n\x80") + Bytes{0}));
  REQUIRE(message);
  CHECK(std::get<DnsName>(message->answers.at(0).data).name == "a\\046b\\092.\\010\\128");
}

TEST_CASE("a DNS answer cut short at any byte is an error") {
  const Bytes whole = header(2) + record(33, kSrv) + record(16, text("a=1") + text("b"));
  REQUIRE(parse_dns_message(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(!parse_dns_message(std::span(whole).first(size)));
  }
}

TEST_CASE("endless and too long names are errors") {
  const auto at_data = static_cast<unsigned>((header(1) + record(5, {})).size());
  const auto loop = [](int byte) {
    return fmt::format("malformed DNS message: byte {}: a compressed name that does not lead backwards",
                       byte);
  };
  CHECK(error_of(header(1) + record(5, u16(0xc000 | at_data))) == loop(39));
  CHECK(error_of(header(1) + record(5, text("a") + u16(0xc000 | at_data))) == loop(41));
  CHECK(error_of(header(1) + record(5, u16(0xc000 | (at_data + 2)) + Bytes{0})) == loop(39));
  Bytes longest;
  for (int i = 0; i < 4; ++i) {
    longest = longest + text(std::string(63, 'x'));
  }
  CHECK(error_of(header(1) + record(5, longest + Bytes{0})) ==
        "malformed DNS message: byte 230: a name that is too long or of an unknown form");
  CHECK(error_of(header(1) + record(5, Bytes{0x40, 0})) ==
        "malformed DNS message: byte 38: a name that is too long or of an unknown form");
}

TEST_CASE("a compressed name of more pointers than a name has labels is an error") {
  const auto chain_of = [](unsigned pointers) {
    const auto at = static_cast<unsigned>((header(1) + record(250, {})).size());
    Bytes chain = u16(kQuestionName);
    for (unsigned i = 1; i + 1 < pointers; ++i) {
      chain = chain + u16(0xc000 | (at + 2 * (i - 1)));
    }
    return header(2) + record(250, chain) + record(5, u16(0xc000 | (at + 2 * (pointers - 2))));
  };
  CHECK(std::get<DnsName>(parse_dns_message(chain_of(127)).value().answers.at(1).data).name == "example");
  CHECK(error_of(chain_of(128)) == "malformed DNS message: byte 39: a compressed name of too many parts");
}

TEST_CASE("more records than can follow are an error") {
  CHECK(error_of(header(65535)) ==
        "malformed DNS message: byte 25: cut short: 65535 elements cannot be in 0 bytes");
}

TEST_CASE("a record whose data do not fill its length, or overrun it, is an error") {
  CHECK(error_of(header(1) + record(1, {10, 0, 0, 1, 0})) ==
        "malformed DNS message: byte 41: a record that is longer than its type allows");
  CHECK(error_of(header(1) + record(1, {10, 0, 0})) ==
        "malformed DNS message: byte 37: cut short: needs 4 bytes, has 3");
  CHECK(error_of(header(1) + record(16, {5, 'a'})) ==
        "malformed DNS message: byte 38: cut short: needs 5 bytes, has 1");
  CHECK(error_of(header(0, 0, 0x0100)) == "not an answer");
}

} // namespace sfa::dns_message_test
