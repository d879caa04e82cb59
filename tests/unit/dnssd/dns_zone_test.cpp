#include "dnssd/dns_zone.hpp"

#include <catch2/catch.hpp>

namespace sfa::dnssd_dns_zone_test {

using namespace config;
using namespace dns;
using namespace dnssd;
using namespace std::chrono_literals;

namespace {

const std::string kName = "_sflow._udp.example.com";

DnsMessage message(std::vector<DnsRecord> answers) {
  return {
      .rcode = DnsRcode::no_error, .authenticated = false, .answers = std::move(answers), .authorities = {}};
}

DnsMessage address(const std::string& name, std::string_view text) {
  return message({{name, DnsType::a, 300s, IpAddress::parse(text).value()}});
}

ZoneAnswers zone(std::vector<std::string> targets, std::vector<std::string> texts) {
  ZoneAnswers answers;
  answers.name = kName;
  std::vector<DnsRecord> services;
  for (const auto& target : targets) {
    services.push_back({kName, DnsType::srv, 60s, DnsSrv{0, 0, 6343, target}});
    answers.targets[target] = {.a = address(target, "192.0.2.1"), .aaaa = message({})};
  }
  answers.srv = message(services);
  answers.txt = message({{kName, DnsType::txt, 60s, DnsTexts{std::move(texts)}}});
  return answers;
}

} // namespace

TEST_CASE("a good zone has no problems") {
  const auto report = check_zone(zone({"c1", "c2"}, {"sampling=5"}), {});
  CHECK(report.problems.empty());
  CHECK_THAT(report.text, Catch::Contains("  collector c2. port 6343\n  sampling = 5\n"));
}

TEST_CASE("each SRV record without a usable collector is an error, also if it is the only one") {
  auto answers = zone({"a\\046b", "c1"}, {"sampling=5"});
  for (const auto services : {2U, 1U}) {
    answers.srv->answers.resize(services);
    const auto report = check_zone(answers, {});
    REQUIRE(report.problems.size() == 1);
    CHECK_THAT(report.problems[0].message, Catch::Contains("expected a host name and a port from 1"));
  }
}

TEST_CASE("text of a zone cannot send control characters to the terminal") {
  const auto report = check_zone(zone({"c1"}, {"\x1b[2J=1", "agent=\x9b\xff", "a\"\\\n"}), {});
  CHECK_THAT(report.text, Catch::Contains(R"("\027[2J=1" "agent=\155\255" "a\"\\\010")"));
  CHECK_THAT(report.text, Catch::Contains("  agent = \\x9b\\xff\n"));
  REQUIRE(!report.problems.empty());
  CHECK(report.problems[0].message == "unknown key `\\x1b[2J`, ignored");
}

TEST_CASE("services and texts beyond what hosts use are errors, and are not looked up") {
  std::vector<std::string> targets;
  for (int i = 0; i < 40; ++i) {
    targets.push_back(fmt::format("c{}", i));
  }
  const auto answers = zone(targets, std::vector<std::string>(300, "sampling=5"));
  CHECK(zone_targets(answers).size() == kMaxServices);
  const auto report = check_zone(answers, {});
  REQUIRE(report.problems.size() >= 2);
  CHECK(report.problems[0].message == "found 40 records; only the first 32 by priority are used");
  CHECK(report.problems[1].message == "found 300 strings; only 256 are used");
}

TEST_CASE("with require-ad, a zone that is not authenticated has errors") {
  const auto report = check_zone(zone({"c1"}, {"sampling=5"}), {.on = true, .require_ad = true});
  REQUIRE(report.problems.size() == 2);
  CHECK(has_error(report.problems));
  CHECK_THAT(report.problems[0].message, Catch::Contains("did not authenticate"));
}

TEST_CASE("a target in another case is the same host") {
  auto answers = zone({"c1"}, {"sampling=5"});
  std::get<DnsSrv>(answers.srv->answers[0].data).target = "C1";
  CHECK_THAT(check_zone(answers, {}).text, Catch::Contains("C1. port 6343\n    192.0.2.1, TTL 300 s\n"));
}

} // namespace sfa::dnssd_dns_zone_test
