#include "collectors/collector_names.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace sfa::collectors_collector_names_test {

using namespace collectors;
using namespace dns;
using namespace std::chrono_literals;

namespace {

const MonotonicTime kStart{1000s};

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

std::vector<DnsAddress> answer(std::initializer_list<std::string_view> addresses,
                               std::chrono::seconds ttl = 60s) {
  std::vector<DnsAddress> result;
  std::ranges::transform(addresses, std::back_inserter(result), [&](std::string_view text) {
    return DnsAddress{ip(text), ttl};
  });
  return result;
}

std::vector<std::string> where(const CollectorNames& names) {
  std::vector<std::string> result;
  for (const auto& [collector, addresses] : names.targets()) {
    CHECK(collector.address == addresses.front());
    result.push_back(collector.address.to_string());
  }
  return result;
}

CollectorNames one_name() {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example"}}, "", kStart);
  REQUIRE(names.take_due(kStart) == std::vector<std::string>{"a.example"});
  return names;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("a name is looked up again at its smallest TTL, between 10 s and an hour") {
  CHECK(refresh_after(answer({"10.0.0.1"}, 60s)) == 60s);
  CHECK(refresh_after(answer({"10.0.0.1"}, 0s)) == 10s);
  CHECK(refresh_after(answer({"10.0.0.1"}, 9s)) == 10s);
  CHECK(refresh_after(answer({"10.0.0.1"}, 3601s)) == 3600s);
  CHECK(refresh_after(std::vector<DnsAddress>{{ip("10.0.0.1"), 300s}, {ip("::1"), 20s}}) == 20s);
}

TEST_CASE("failures are retried after 5 s, doubled up to 5 min") {
  std::vector<std::chrono::seconds> waits;
  for (unsigned failures = 1; failures <= 9; ++failures) {
    waits.push_back(back_off(failures));
  }
  CHECK(waits == std::vector<std::chrono::seconds>{5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s});
  CHECK(back_off(4'000'000'000) == 300s);
}

TEST_CASE("an answer in another order moves no collector") {
  const auto first = merge({}, answer({"10.0.0.1", "10.0.0.2", "10.0.0.1"}));
  CHECK(first == std::vector{ip("10.0.0.1"), ip("10.0.0.2")});
  CHECK(merge(first, answer({"10.0.0.2", "10.0.0.1"})) == first);
  CHECK(merge(first, answer({"10.0.0.3", "10.0.0.2"})) == std::vector{ip("10.0.0.2"), ip("10.0.0.3")});
}

TEST_CASE("an answer of any size leaves 16 addresses") {
  std::vector<DnsAddress> many;
  for (int i = 0; i < 250; ++i) {
    many.push_back({ip(fmt::format("10.0.0.{}", i)), 60s});
  }
  const auto kept = merge({}, many);
  CHECK(kept.size() == 16);
  CHECK(merge(kept, many) == kept);
}

TEST_CASE("collectors keep their order, and one whose name is not resolved is left out") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example", .port = 7000, .network_namespace = "blue", .device = "eth1"},
                   {.host = "10.0.0.9"},
                   {.host = "b.example"}},
                  "", kStart);
  CHECK(where(names) == Texts{"10.0.0.9"});
  CHECK(names.take_due(kStart) == Texts{"a.example", "b.example"});
  names.answered("b.example", answer({"::1"}), kStart);
  CHECK(where(names) == Texts{"10.0.0.9", "::1"});
  names.answered("a.example", answer({"10.0.0.1"}), kStart);
  CHECK(names.targets() == std::vector<Target>{{{.address = ip("10.0.0.1"),
                                                 .port = 7000,
                                                 .device = "eth1",
                                                 .network_namespace = "blue",
                                                 .name = "a.example"},
                                                {ip("10.0.0.1")}},
                                               {{.address = ip("10.0.0.9")}, {ip("10.0.0.9")}},
                                               {{.address = ip("::1"), .name = "b.example"}, {ip("::1")}}});
}

TEST_CASE("a name is due immediately, not while its lookup is pending, and at most 10 % after its TTL") {
  auto names = one_name();
  CHECK(names.take_due(kStart + 1h).empty());
  CHECK(!names.next_due());
  names.answered("a.example", answer({"10.0.0.1"}, 60s), kStart);
  CHECK(names.take_due(kStart + 59s).empty());
  REQUIRE(names.next_due());
  CHECK(*names.next_due() >= kStart + 60s);
  CHECK(*names.next_due() <= kStart + 66s);
  CHECK(names.take_due(*names.next_due()) == Texts{"a.example"});
  names.answered("a.example", answer({"10.0.0.2"}, 60s), kStart + 60s);
  CHECK(where(names) == Texts{"10.0.0.2"});
}

TEST_CASE("the last good addresses stay while lookups fail, and an answer ends the back-off") {
  auto names = one_name();
  names.answered("a.example", answer({"10.0.0.1"}), kStart);
  names.failed("a.example", kStart);
  CHECK(names.next_due() == kStart + 5s);
  names.failed("a.example", kStart);
  CHECK(names.next_due() == kStart + 10s);
  CHECK(where(names) == Texts{"10.0.0.1"});
  names.answered("a.example", answer({"10.0.0.1"}), kStart);
  names.failed("a.example", kStart);
  CHECK(names.next_due() == kStart + 5s);
}

TEST_CASE("a change of DNS servers makes failed names due and no others") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example"}, {.host = "b.example"}}, "", kStart);
  REQUIRE(names.take_due(kStart).size() == 2);
  names.answered("a.example", answer({"10.0.0.1"}), kStart);
  names.failed("b.example", kStart);
  names.retry_failed(kStart + 1s);
  CHECK(names.take_due(kStart + 1s) == Texts{"b.example"});
}

TEST_CASE("changed collectors make all names due, keep known addresses, and forget names that are gone") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example"}, {.host = "b.example"}}, "", kStart);
  REQUIRE(names.take_due(kStart).size() == 2);
  names.answered("a.example", answer({"10.0.0.1"}), kStart);
  names.answered("b.example", answer({"10.0.0.2"}), kStart);
  names.configure({{.host = "b.example", .port = 7000}}, "", kStart + 1s);
  CHECK(where(names) == Texts{"10.0.0.2"});
  CHECK(names.take_due(kStart + 1s) == Texts{"b.example"});
  names.answered("a.example", answer({"10.0.0.1"}), kStart + 1s); // a late answer
  CHECK(where(names) == Texts{"10.0.0.2"});
}

TEST_CASE("a reload does not repeat a pending lookup") {
  auto names = one_name();
  names.configure({{.host = "a.example"}}, "", kStart + 1s);
  CHECK(names.take_due(kStart + 1s).empty());
  names.refresh(kStart + 1s);
  CHECK(names.take_due(kStart + 1s).empty());
}

TEST_CASE("a reload looks up all names again, also those that failed") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example"}, {.host = "b.example"}}, "", kStart);
  REQUIRE(names.take_due(kStart).size() == 2);
  names.answered("a.example", answer({"10.0.0.1"}), kStart);
  names.failed("b.example", kStart);
  names.refresh(kStart + 1s);
  CHECK(names.take_due(kStart + 1s) == Texts{"a.example", "b.example"});
  CHECK(where(names) == Texts{"10.0.0.1"});
}

TEST_CASE("names have the addresses of an earlier run until DNS answers") {
  auto names = one_name();
  const std::chrono::sys_seconds yesterday(1'700'000'000s);
  const std::vector<KnownName> earlier{
      {.name = "a.example", .addresses = {ip("10.0.0.1"), ip("10.0.0.4")}, .answered_at = yesterday},
      {.name = "b.example", .addresses = {ip("10.0.0.2")}, .answered_at = yesterday}};
  CHECK(names.remember(earlier) == std::vector{earlier[0]});
  CHECK(where(names) == Texts{"10.0.0.1"});
  CHECK(names.remember(earlier).empty());
  names.failed("a.example", kStart);
  CHECK(names.names().at("a.example").saved_at == yesterday);
  names.answered("a.example", answer({"10.0.0.7"}), kStart);
  CHECK(names.remember(earlier).empty());
  CHECK(where(names) == Texts{"10.0.0.7"});
  CHECK(!names.names().at("a.example").saved_at);
}

TEST_CASE("what is saved of names that are not configured now stays, up to a number") {
  std::vector<KnownName> known;
  for (int i = 0; i < 100; ++i) {
    known =
        merge_known({.name = fmt::format("c{}", i), .addresses = {ip("10.0.0.1")}, .answered_at = {}}, known);
  }
  known = merge_known({.name = "c50", .addresses = {ip("10.0.0.2")}, .answered_at = {}}, known);
  CHECK(known.size() == kMaxKnownNames);
  CHECK(known.front().name == "c50");
  CHECK(known.front().addresses == std::vector{ip("10.0.0.2")});
  CHECK(std::ranges::count(known, "c50", &KnownName::name) == 1);
  CHECK(std::ranges::count(known, "c0", &KnownName::name) == 0);
}

TEST_CASE("a file cannot give a name more addresses than an answer") {
  auto names = one_name();
  names.remember({{.name = "a.example",
                   .addresses = std::vector<IpAddress>(10'000, ip("10.0.0.1")),
                   .answered_at = {}}});
  CHECK(names.targets().at(0).addresses.size() == kMaxAddresses);
}

TEST_CASE("collectors of one name have the same addresses, known ones first, whatever their network") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example"}, {.host = "a.example", .network_namespace = "blue"}}, "", kStart);
  REQUIRE(names.take_due(kStart) == Texts{"a.example"});
  names.answered("a.example", answer({"2001:db8::1", "10.0.0.1", "10.0.0.2"}), kStart);
  REQUIRE(names.targets().size() == 2);
  CHECK(names.targets()[0].addresses == std::vector{ip("2001:db8::1"), ip("10.0.0.1"), ip("10.0.0.2")});
  CHECK(names.targets()[1].addresses == names.targets()[0].addresses);
  names.configure({{.host = "a.example", .network_namespace = "blue"}}, "", kStart);
  CHECK(where(names) == Texts{"2001:db8::1"});
  names.answered("a.example", answer({"10.0.0.3", "10.0.0.2", "10.0.0.1"}), kStart);
  REQUIRE(names.targets().size() == 1);
  CHECK(names.targets()[0].addresses == std::vector{ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.3")});
}

TEST_CASE("hosts that share a caching server do not ask it again at the same moment") {
  std::set<MonotonicTime> moments;
  for (unsigned host = 0; host < 20; ++host) {
    CollectorNames names{std::mt19937(host)};
    names.configure({{.host = "a.example"}}, "", kStart);
    REQUIRE(names.take_due(kStart).size() == 1);
    names.answered("a.example", answer({"10.0.0.1"}, 60s), kStart);
    moments.insert(names.next_due().value());
  }
  CHECK(moments.size() > 15);
}

TEST_CASE("a collector with a source address uses only addresses of its family") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "a.example", .source = ip("10.0.0.9")}}, "", kStart);
  REQUIRE(names.take_due(kStart).size() == 1);
  names.answered("a.example", answer({"2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2"}), kStart);
  CHECK(where(names) == Texts{"10.0.0.1"});
  REQUIRE(names.targets().size() == 1);
  CHECK(names.targets()[0].collector.source == ip("10.0.0.9"));
  CHECK(names.targets()[0].addresses == std::vector{ip("10.0.0.1"), ip("10.0.0.2")});
  CHECK(!names.problem("a.example"));
  names.answered("a.example", answer({"2001:db8::1"}), kStart);
  CHECK(where(names).empty());
  CHECK(names.problem("a.example").value().message ==
        "no IPv4 address, which the source address 10.0.0.9 needs");
}

TEST_CASE("the agent address may be a name, and its first known address is used") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "10.0.0.1"}}, "me.example", kStart);
  CHECK(names.take_due(kStart) == Texts{"me.example"});
  CHECK(!names.agent_ip());
  (void)names.remember({{.name = "me.example", .addresses = {ip("192.0.2.7")}, .answered_at = {}}});
  CHECK(names.agent_ip() == ip("192.0.2.7"));
  names.answered("me.example", answer({"192.0.2.8", "192.0.2.7"}), kStart);
  CHECK(names.agent_ip() == ip("192.0.2.7")); // servers rotate their answers
  names.answered("me.example", answer({"192.0.2.9"}), kStart);
  CHECK(names.agent_ip() == ip("192.0.2.9"));
  names.configure({{.host = "10.0.0.1"}}, "", kStart);
  CHECK(!names.agent_ip());
}

TEST_CASE("a collector that is configured by its address has only that address") {
  CollectorNames names{std::mt19937(1)};
  names.configure({{.host = "10.0.0.1"}}, "", kStart);
  CHECK(names.targets() == std::vector<Target>{{{.address = ip("10.0.0.1")}, {ip("10.0.0.1")}}});
  CHECK(names.take_due(kStart).empty());
}

} // namespace sfa::collectors_collector_names_test
