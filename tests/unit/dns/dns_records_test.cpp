#include "dns/dns_records.hpp"

#include <catch2/catch.hpp>

namespace sfa::dns_records_test {

using namespace dns;
using namespace std::chrono_literals;

namespace {

DnsRecord a(std::string name, std::chrono::seconds ttl = 300s) {
  return {std::move(name), DnsType::a, ttl, IpAddress::parse("192.0.2.1").value()};
}

DnsRecord alias(DnsType type, std::string name, std::string to, std::chrono::seconds ttl = 300s) {
  return {std::move(name), type, ttl, DnsName{std::move(to)}};
}

DnsRecord soa(std::chrono::seconds ttl, std::chrono::seconds minimum) {
  return {"example.com", DnsType::soa, ttl, DnsSoa{minimum}};
}

DnsMessage message(std::vector<DnsRecord> answers, std::vector<DnsRecord> authorities = {},
                   DnsRcode rcode = DnsRcode::no_error) {
  return {.rcode = rcode,
          .authenticated = false,
          .answers = std::move(answers),
          .authorities = std::move(authorities)};
}

std::string error_of(const DnsMessage& message) {
  const auto set = select_records(message, "x.example.com", DnsType::a);
  REQUIRE(!set);
  return set.error().message;
}

} // namespace

TEST_CASE("records are those of the requested name, in any case, and type, with the smallest TTL") {
  const auto set =
      select_records(message({a("X.Example.COM", 60s), a("other.example.com", 1s),
                              alias(DnsType::ns, "x.example.com", "ns", 1s), a("x.example.com", 50s)}),
                     "x.example.com", DnsType::a);
  REQUIRE(set);
  CHECK(set->records.size() == 2);
  CHECK(set->aliases.empty());
  CHECK(set->ttl == 50s);
}

TEST_CASE("CNAME and DNAME are followed in any order of the records, and their TTLs count") {
  const auto set =
      select_records(message({a("b.real.example"), alias(DnsType::cname, "a.real.example", "B.real.example"),
                              alias(DnsType::dname, "example.com", "real.example", 20s),
                              alias(DnsType::cname, "x.example.com", "a.example.com", 30s)}),
                     "x.example.com", DnsType::a);
  REQUIRE(set);
  CHECK(set->records == std::vector{a("b.real.example")});
  CHECK(set->aliases == std::vector<std::string>{"a.example.com", "a.real.example", "B.real.example"});
  CHECK(set->ttl == 20s);
}

TEST_CASE("a DNAME does not apply to its own name, nor to a name that only ends with the same letters") {
  const auto own = message({alias(DnsType::dname, "x.example.com", "real.example"), a("real.example")});
  CHECK(select_records(own, "x.example.com", DnsType::a).value().records.empty());
  const auto alike = message({alias(DnsType::dname, "ample.com", "real.example")});
  CHECK(select_records(alike, "x.example.com", DnsType::a).value().aliases.empty());
}

TEST_CASE("an absence lasts for the smallest TTL of the SOA, its minimum and the aliases") {
  const auto ttl = [](const DnsMessage& message) {
    const auto set = select_records(message, "x.example.com", DnsType::a);
    REQUIRE(set);
    CHECK(set->records.empty());
    return set->ttl;
  };
  CHECK(ttl(message({}, {soa(3600s, 60s)})) == 60s);
  CHECK(ttl(message({}, {soa(30s, 60s)}, DnsRcode::name_error)) == 30s);
  CHECK(ttl(message({alias(DnsType::cname, "x.example.com", "y", 5s)}, {soa(30s, 60s)},
                    DnsRcode::name_error)) == 5s);
  CHECK(ttl(message({})) == 300s);
}

TEST_CASE("an answer that is not authoritative does not prove an absence") {
  CHECK(error_of(message({}, {alias(DnsType::ns, "com", "ns.example")})) ==
        "the server refers to others and does not ask them");
  CHECK(error_of(message({alias(DnsType::cname, "x.example.com", "elsewhere.example")})) ==
        "the server does not follow the alias to elsewhere.example");
  for (const auto code : {1, 2, 4, 5}) {
    CHECK(error_of(message({}, {soa(1s, 1s)}, static_cast<DnsRcode>(code))) ==
          fmt::format("the server answers with error code {}", code));
  }
}

TEST_CASE("aliases in a circle are an error, and so are names that grow") {
  const std::string circle = "aliases in a circle, or more than 16";
  CHECK(error_of(message({alias(DnsType::cname, "x.example.com", "y.example.com"),
                          alias(DnsType::cname, "y.example.com", "x.example.com")})) == circle);
  CHECK(error_of(message({alias(DnsType::dname, "example.com", "more.example.com")})) == circle);
}

} // namespace sfa::dns_records_test
