#include "dnssd/dns_sd_answer.hpp"

#include <catch2/catch.hpp>

using namespace sfa;
using namespace sfa::dns;
using namespace sfa::dnssd;
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

TEST_CASE("the name of the service takes a domain with and without dots at its ends") {
  for (const auto* domain : {"example.com", ".example.com", "example.com.", ".example.com."}) {
    CHECK(dns_sd_name(domain) == kName);
  }
}

TEST_CASE("equal records are an equal answer, whatever order and case the server chose") {
  const auto one = judge(kName, message({srv("c1"), srv("C2", 5), srv("c3")}),
                         message({txt({"a=1", "b=2"}), txt({"", "c=3"})}), false);
  const auto other = judge(kName, message({srv("C3"), srv("c1"), srv("c2", 5)}),
                           message({txt({"", "c=3"}), txt({"a=1", "b=2"})}), false);
  CHECK(one.kind == Kind::answer);
  CHECK(one.answer == other.answer);
  CHECK(one.answer.services ==
        std::vector<DnsSrv>{{0, 0, 6343, "c1"}, {0, 0, 6343, "c3"}, {5, 0, 6343, "c2"}});
  CHECK(one.answer.texts == std::vector<std::string>{"c=3", "a=1", "b=2"});
}

TEST_CASE("the smallest TTL of SRV and TXT counts, that of an absent TXT too") {
  CHECK(judge(kName, message({srv("c1", 0, 50s)}), message({txt({"a=1"}, 40s)}), false).ttl == 40s);
  CHECK(judge(kName, message({srv("c1", 0, 50s)}), kAbsent, false).ttl == 20s);
}

TEST_CASE("SRV alone says whether there is the service") {
  CHECK(judge(kName, kAbsent, message({txt({"a=1"})}), false).kind == Kind::absent);
  CHECK(judge(kName, kAbsent, kFailed, false).ttl == 20s);
  const auto failed = judge(kName, kFailed, message({txt({"a=1"})}), false);
  CHECK(failed.kind == Kind::failed);
  CHECK(failed.error.message == kName + " SRV: Timeout");
  const auto without_texts = judge(kName, message({srv("c1")}), kFailed, false);
  CHECK(without_texts.kind == Kind::answer);
  CHECK(without_texts.texts_missing());
  CHECK(without_texts.error.message == kName + " TXT: Timeout");
}

TEST_CASE("SRV records none of which names a host and a port are a failure, not a service that is off") {
  const DnsRecord no_port{kName, DnsType::srv, 300s, DnsSrv{0, 0, 0, "c1"}};
  const auto broken = judge(kName, message({srv("a\\046b", 5), no_port}), message({txt({"a=1"})}), false);
  CHECK(broken.kind == Kind::failed);
  CHECK(broken.error.message ==
        kName + " SRV: target c1 port 0: found port 0, expected a host name and a port from 1");
  CHECK(judge(kName, message({no_port, srv("c2")}), kAbsent, false).kind == Kind::answer);
}

TEST_CASE("an absence says whether it was authenticated") {
  DnsMessage authenticated = kAbsent;
  authenticated.authenticated = true;
  CHECK(judge(kName, authenticated, kFailed, true).answer.authenticated);
  CHECK(!judge(kName, kAbsent, kFailed, false).answer.authenticated);
}

TEST_CASE("a target `.` is an answer without that service") {
  const auto off = judge(kName, message({srv("")}), kAbsent, false);
  CHECK(off.kind == Kind::answer);
  CHECK(off.answer.services.empty());
}

TEST_CASE("with require-ad only authenticated answers count, and absences too") {
  CHECK(judge(kName, message({srv("c1")}), kAbsent, true).kind == Kind::failed);
  CHECK(judge(kName, kAbsent, kAbsent, true).kind == Kind::failed);
  const auto half = judge(kName, message({srv("c1")}, true), message({txt({"a=1"})}), true);
  CHECK(half.texts_missing());
  CHECK(half.answer.texts.empty());
  const auto whole = judge(kName, message({srv("c1")}, true), message({txt({"a=1"})}, true), true);
  CHECK(whole.answer.authenticated);
  CHECK(!whole.texts_missing());
}

TEST_CASE("no answer makes us keep more than a zone can mean") {
  std::vector<DnsRecord> services, texts;
  for (int i = 0; i < 1000; ++i) {
    services.push_back(srv(fmt::format("c{:03}", i)));
    texts.push_back(txt({fmt::format("sampling.a{:03}=1", i), ""}));
  }
  const auto result = judge(kName, message(services), message(texts), false);
  CHECK(result.answer.services.size() == kMaxServices);
  CHECK(result.answer.texts.size() == kMaxTexts);
}

TEST_CASE("an earlier answer is of use when it has the configured name and authentication") {
  const DnsSdAnswer answer{.name = kName};
  CHECK(is_usable(answer, {.on = true}));
  CHECK(is_usable(answer, {.on = true, .domain = ".Example.com"}));
  CHECK(!is_usable(answer, {.on = true, .domain = "example.org"}));
  CHECK(!is_usable(answer, {.on = true, .require_ad = true}));
}

TEST_CASE("the walk along the search list") {
  const auto answer = [](const char* name) {
    return DnsSdResult{.kind = Kind::answer, .answer = {.name = name}};
  };
  const DnsSdResult absent{.kind = Kind::absent, .ttl = 60s};
  const DnsSdResult failed{.kind = Kind::failed, .error = {"Timeout"}};
  const auto walk = [](const std::string& in_force, const std::vector<DnsSdResult>& results) {
    DnsSdWalk names({"a", "b"}, in_force);
    for (const auto& result : results) {
      REQUIRE(names.next() != nullptr);
      names.concluded(result);
    }
    REQUIRE(names.next() == nullptr);
    return names.result();
  };
  SECTION("ends at the first domain that has the service") {
    CHECK(walk("b", {answer("a")}).answer.name == "a");
    CHECK(walk("", {absent, answer("b")}).answer.name == "b");
  }
  SECTION("passes over a domain that fails") {
    CHECK(walk("", {failed, answer("b")}).answer.name == "b");
    CHECK(walk("b", {failed, answer("b")}).answer.name == "b");
  }
  SECTION("does not go on to another domain when the one in force fails") {
    CHECK(walk("a", {failed}).kind == Kind::failed);
  }
  SECTION("finds the service absent only where nothing failed") {
    CHECK(walk("", {absent, failed}).kind == Kind::failed);
    CHECK(walk("", {failed, absent}).kind == Kind::failed);
    const auto both = walk("", {absent, {.kind = Kind::absent, .ttl = 20s}});
    CHECK(both.kind == Kind::absent);
    CHECK(both.ttl == 20s);
  }
}
