#include "dnssd/dns_sd_answer.hpp"

#include <catch2/catch.hpp>

namespace sfa::dnssd_dns_sd_answer_test {

using namespace dns;
using namespace dnssd;
using namespace std::chrono_literals;

namespace {

using Kind = DnsSdResult::Kind;

const std::string kName = "_sflow._udp.example.com";

DnsRecord srv(std::string target, std::uint16_t priority = 0, std::chrono::seconds ttl = 300s) {
  return {kName, DnsType::srv, ttl, DnsSrv{priority, 0, 6343, std::move(target)}};
}

DnsRecord txt(std::vector<std::string> strings, std::chrono::seconds ttl = 300s) {
  return {kName, DnsType::txt, ttl, DnsTexts{std::move(strings)}};
}

DnsMessage message(std::vector<DnsRecord> answers, bool authenticated = false) {
  return {.rcode = DnsRcode::no_error,
          .authenticated = authenticated,
          .answers = std::move(answers),
          .authorities = {}};
}

const DnsMessage kAbsent{.rcode = DnsRcode::name_error,
                         .authenticated = false,
                         .answers = {},
                         .authorities = {{"example.com", DnsType::soa, 60s, DnsSoa{20s}}}};
const Result<DnsMessage> kFailed = failure("Timeout");

} // namespace

TEST_CASE("dots at the ends of a domain do not change the name of the service") {
  for (const auto* domain : {"example.com", ".example.com", "example.com.", ".example.com."}) {
    CHECK(dns_sd_name(domain) == kName);
  }
}

TEST_CASE("equal records make an equal answer, whatever their order and case") {
  const auto one = evaluate(kName, message({srv("c1"), srv("C2", 5), srv("c3")}),
                            message({txt({"a=1", "b=2"}), txt({"", "c=3"})}), false);
  const auto other = evaluate(kName, message({srv("C3"), srv("c1"), srv("c2", 5)}),
                              message({txt({"", "c=3"}), txt({"a=1", "b=2"})}), false);
  CHECK(one.kind == Kind::answer);
  CHECK(one.answer == other.answer);
  CHECK(one.answer.services ==
        std::vector<DnsSrv>{{0, 0, 6343, "c1"}, {0, 0, 6343, "c3"}, {5, 0, 6343, "c2"}});
  CHECK(one.answer.texts == std::vector<std::string>{"c=3", "a=1", "b=2"});
}

TEST_CASE("the smaller TTL of SRV and TXT is used, also if TXT is absent") {
  CHECK(evaluate(kName, message({srv("c1", 0, 50s)}), message({txt({"a=1"}, 40s)}), false).ttl == 40s);
  CHECK(evaluate(kName, message({srv("c1", 0, 50s)}), kAbsent, false).ttl == 20s);
}

TEST_CASE("only SRV decides whether the service exists") {
  CHECK(evaluate(kName, kAbsent, message({txt({"a=1"})}), false).kind == Kind::absent);
  CHECK(evaluate(kName, kAbsent, kFailed, false).ttl == 20s);
  const auto failed = evaluate(kName, kFailed, message({txt({"a=1"})}), false);
  CHECK(failed.kind == Kind::failed);
  CHECK(failed.error.message == kName + " SRV: Timeout");
  const auto without_texts = evaluate(kName, message({srv("c1")}), kFailed, false);
  CHECK(without_texts.kind == Kind::answer);
  CHECK(without_texts.texts_missing());
  CHECK(without_texts.error.message == kName + " TXT: Timeout");
}

TEST_CASE("SRV records without any usable host and port are a failure, not a service that is off") {
  const DnsRecord no_port{kName, DnsType::srv, 300s, DnsSrv{0, 0, 0, "c1"}};
  const auto broken = evaluate(kName, message({srv("a\\046b", 5), no_port}), message({txt({"a=1"})}), false);
  CHECK(broken.kind == Kind::failed);
  CHECK(broken.error.message ==
        kName + " SRV: target c1 port 0: found port 0, expected a host name and a port from 1");
  CHECK(evaluate(kName, message({no_port, srv("c2")}), kAbsent, false).kind == Kind::answer);
}

TEST_CASE("an absence knows whether it was authenticated") {
  DnsMessage authenticated = kAbsent;
  authenticated.authenticated = true;
  CHECK(evaluate(kName, authenticated, kFailed, true).answer.authenticated);
  CHECK(!evaluate(kName, kAbsent, kFailed, false).answer.authenticated);
}

TEST_CASE("a target `.` is an answer without that service") {
  const auto off = evaluate(kName, message({srv("")}), kAbsent, false);
  CHECK(off.kind == Kind::answer);
  CHECK(off.answer.services.empty());
}

TEST_CASE("with require-ad, only authenticated answers and absences are accepted") {
  CHECK(evaluate(kName, message({srv("c1")}), kAbsent, true).kind == Kind::failed);
  CHECK(evaluate(kName, kAbsent, kAbsent, true).kind == Kind::failed);
  const auto half = evaluate(kName, message({srv("c1")}, true), message({txt({"a=1"})}), true);
  CHECK(half.texts_missing());
  CHECK(half.answer.texts.empty());
  const auto whole = evaluate(kName, message({srv("c1")}, true), message({txt({"a=1"})}, true), true);
  CHECK(whole.answer.authenticated);
  CHECK(!whole.texts_missing());
}

TEST_CASE("the number of services and texts kept from an answer is limited") {
  std::vector<DnsRecord> services, texts;
  for (int i = 0; i < 1000; ++i) {
    services.push_back(srv(fmt::format("c{:03}", i)));
    texts.push_back(txt({fmt::format("sampling.a{:03}=1", i), ""}));
  }
  const auto result = evaluate(kName, message(services), message(texts), false);
  CHECK(result.answer.services.size() == kMaxServices);
  CHECK(result.answer.texts.size() == kMaxTexts);
}

TEST_CASE("a saved answer is usable if its name and authentication match the configuration") {
  const DnsSdAnswer answer{.name = kName};
  CHECK(is_usable(answer, {.on = true}));
  CHECK(is_usable(answer, {.on = true, .domain = ".Example.com"}));
  CHECK(!is_usable(answer, {.on = true, .domain = "example.org"}));
  CHECK(!is_usable(answer, {.on = true, .require_ad = true}));
}

TEST_CASE("the search list is tried in order, and failures do not move hosts to another domain") {
  const auto answer = [](const char* name) {
    return DnsSdResult{.kind = Kind::answer, .answer = {.name = name}};
  };
  const DnsSdResult absent{.kind = Kind::absent, .ttl = 60s};
  const DnsSdResult failed{.kind = Kind::failed, .error = {"Timeout"}};
  const auto search = [](const std::string& active, const std::vector<DnsSdResult>& results) {
    DnsSdSearch names({"a", "b"}, active);
    for (const auto& result : results) {
      REQUIRE(names.next() != nullptr);
      names.finished(result);
    }
    REQUIRE(names.next() == nullptr);
    return names.result();
  };
  SECTION("ends at the first domain that has the service") {
    CHECK(search("b", {answer("a")}).answer.name == "a");
    CHECK(search("", {absent, answer("b")}).answer.name == "b");
  }
  SECTION("passes over a domain that fails") {
    CHECK(search("", {failed, answer("b")}).answer.name == "b");
    CHECK(search("b", {failed, answer("b")}).answer.name == "b");
  }
  SECTION("does not move to another domain if the active one fails") {
    CHECK(search("a", {failed}).kind == Kind::failed);
  }
  SECTION("finds the service absent only where nothing failed") {
    CHECK(search("", {absent, failed}).kind == Kind::failed);
    CHECK(search("", {failed, absent}).kind == Kind::failed);
    CHECK(search("", {failed, {.kind = Kind::failed, .error = {"Refused"}}}).error.message == "Timeout");
    const auto both = search("", {absent, {.kind = Kind::absent, .ttl = 20s}});
    CHECK(both.kind == Kind::absent);
    CHECK(both.ttl == 20s);
    CHECK(search("", {{.kind = Kind::absent, .ttl = 20s}, absent}).ttl == 20s);
  }
}

TEST_CASE("services come once, by priority, and the greater weight first") {
  const auto service = [](std::string target, std::uint16_t priority, std::uint16_t weight) {
    return DnsRecord{kName, DnsType::srv, 300s, DnsSrv{priority, weight, 6343, std::move(target)}};
  };
  const auto result = evaluate(
      kName, message({service("c1", 1, 9), service("c2", 0, 1), service("C3", 0, 5), service("c3", 0, 5)}),
      kAbsent, false);
  CHECK(result.answer.services ==
        std::vector<DnsSrv>{{0, 5, 6343, "c3"}, {0, 1, 6343, "c2"}, {1, 9, 6343, "c1"}});
}

TEST_CASE("an answer is authenticated if both of its records are") {
  const auto authenticated = [](bool srv_is, bool txt_is) {
    return evaluate(kName, message({srv("c1")}, srv_is), message({txt({"a=1"})}, txt_is), false)
        .answer.authenticated;
  };
  CHECK(authenticated(true, true));
  CHECK(!authenticated(true, false));
  CHECK(!authenticated(false, true));
}

} // namespace sfa::dnssd_dns_sd_answer_test
