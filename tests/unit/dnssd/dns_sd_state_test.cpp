#include "dnssd/dns_sd_state.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <vector>

namespace sfa::dnssd_dns_sd_state_test {

using namespace config;
using namespace dnssd;
using namespace std::chrono_literals;

namespace {

using Kind = DnsSdResult::Kind;
using Outcome = DnsSdState::Outcome;

const MonotonicTime kStart{1000h};
const DnsSdConfig kConfig{.on = true, .start_delay = 0s};
const DnsSdResult kFailed{.kind = Kind::failed, .error = {"Timeout"}};

DnsSdResult answer(std::string target, std::chrono::seconds ttl = 60s) {
  return {.kind = Kind::answer,
          .answer = {.name = "n", .services = {{0, 0, 6343, std::move(target)}}, .texts = {"sampling=5"}},
          .ttl = ttl};
}

DnsSdResult absent(std::chrono::seconds ttl = 60s) {
  return {.kind = Kind::absent, .answer = {.name = "n"}, .ttl = ttl};
}

DnsSdState started(const DnsSdConfig& config = kConfig, unsigned seed = 1) {
  DnsSdState state{std::mt19937(seed)};
  state.configure(config, kStart);
  return state;
}

// How long until the next question after that result, the least and the most of many hosts.
std::pair<std::chrono::nanoseconds, std::chrono::nanoseconds>
next_after(const DnsSdResult& result, const DnsSdConfig& config = kConfig) {
  std::chrono::nanoseconds least = 1000h, most = 0s;
  for (unsigned host = 0; host < 200; ++host) {
    DnsSdState state = started(config, host);
    state.finished(result, kStart);
    least = std::min<std::chrono::nanoseconds>(least, *state.due() - kStart);
    most = std::max<std::chrono::nanoseconds>(most, *state.due() - kStart);
  }
  return {least, most};
}

} // namespace

TEST_CASE("hosts that start together query DNS-SD at random times within the configured delay") {
  std::set<MonotonicTime> times;
  for (unsigned host = 0; host < 100; ++host) {
    const auto due = started({.on = true, .start_delay = 1s}, host).due();
    CHECK((due >= kStart && due <= kStart + 1s));
    times.insert(*due);
  }
  CHECK(times.size() > 80);
  CHECK(started().due() == kStart);
}

TEST_CASE("DNS-SD queries again after the TTL and up to 10 % more, never earlier") {
  const auto [least, most] = next_after(answer("c1", 100s));
  CHECK((least >= 100s && least < 101s));
  CHECK((most <= 110s && most > 109s));
}

TEST_CASE("the TTL is clamped to the configured range") {
  CHECK(next_after(answer("c1", 0s)).first >= 10s);
  CHECK(next_after(answer("c1", 0s)).second <= 11s);
  CHECK(next_after(answer("c1", 48h)).first >= 1h);
  CHECK(next_after(answer("c1", 48h)).second <= 66min);
  const DnsSdConfig quick{.on = true, .min_ttl = 1s, .max_ttl = 5s, .start_delay = 0s};
  CHECK(next_after(answer("c1", 0s), quick).second <= 1100ms);
  CHECK(next_after(answer("c1", 48h), quick).second <= 5500ms);
  CHECK(next_after(absent(0s)).first >= 10s);
  CHECK(next_after(absent(30s)).second <= 33s);
}

TEST_CASE("failed DNS-SD queries are retried after 5 s, doubled up to 5 min, until an answer") {
  DnsSdState state = started();
  MonotonicTime now = kStart;
  for (const auto wait : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s}) {
    CHECK(state.finished(kFailed, now) == Outcome::failed);
    CHECK(*state.due() >= now + wait);
    CHECK(*state.due() <= now + wait * 1.1);
    now = *state.due();
  }
  state.finished(answer("c1"), now);
  state.finished(kFailed, now);
  CHECK(*state.due() <= now + 6s);
}

TEST_CASE("an answer stays active until another one arrives, whatever fails meanwhile") {
  DnsSdState state = started();
  CHECK(!state.active());
  CHECK(state.finished(kFailed, kStart) == Outcome::failed);
  CHECK(!state.active());
  CHECK(state.finished(answer("c1"), kStart) == Outcome::applied);
  CHECK(state.finished(answer("c1"), kStart) == Outcome::confirmed);
  CHECK(state.finished(kFailed, kStart) == Outcome::failed);
  CHECK(state.active() == answer("c1").answer);
  CHECK(state.finished(answer("c2"), kStart) == Outcome::applied);
  CHECK(state.active() == answer("c2").answer);
}

TEST_CASE("records must be absent twice in a row to switch monitoring off") {
  DnsSdState state = started();
  state.finished(answer("c1"), kStart);
  CHECK(state.finished(absent(), kStart) == Outcome::doubted);
  CHECK(state.active() == answer("c1").answer);
  SECTION("twice") {
    CHECK(state.finished(absent(), kStart) == Outcome::switched_off);
    CHECK(state.active() == DnsSdAnswer{.name = "n"});
    CHECK(state.finished(absent(), kStart) == Outcome::still_off);
    CHECK(state.finished(kFailed, kStart) == Outcome::failed);
    CHECK(state.active().value().services.empty());
    CHECK(state.finished(answer("c1"), kStart) == Outcome::applied);
    CHECK(state.finished(absent(), kStart) == Outcome::doubted);
  }
  SECTION("an answer, a failure or other servers in between begin the count anew") {
    const std::vector<std::function<void()>> steps{
        [&] { state.finished(answer("c1"), kStart); },
        [&] { state.finished(kFailed, kStart); },
        [&] { state.ask_now(kStart); }, // other servers
        [&] { state.configure(kConfig, kStart); },
    };
    const auto step = GENERATE(range(0U, 4U));
    CAPTURE(step);
    steps.at(step)();
    CHECK(state.finished(absent(), kStart) == Outcome::doubted);
    CHECK(state.active() == answer("c1").answer);
  }
}

TEST_CASE("without an earlier answer, the second absence also switches off") {
  DnsSdState state = started();
  CHECK(state.finished(absent(), kStart) == Outcome::doubted);
  CHECK(!state.active());
  CHECK(state.finished(absent(), kStart) == Outcome::switched_off);
  CHECK(state.active() == DnsSdAnswer{.name = "n"});
}

TEST_CASE("absent records in a newly configured domain switch off under its name") {
  DnsSdState state = started({.on = true, .domain = "a"});
  DnsSdResult there = answer("c1");
  there.answer.name = "_sflow._udp.a";
  state.finished(there, kStart);
  state.configure({.on = true, .domain = "b"}, kStart);
  DnsSdResult gone = absent();
  gone.answer = {.name = "_sflow._udp.b", .authenticated = true};
  CHECK(state.finished(gone, kStart) == Outcome::doubted);
  CHECK(state.finished(gone, kStart) == Outcome::switched_off);
  CHECK(state.active() == gone.answer);
  CHECK(state.finished(gone, kStart) == Outcome::still_off);
  SECTION("and again by that of the next one, with nothing to be switched off any more") {
    state.configure({.on = true, .domain = "a"}, kStart);
    gone.answer = {.name = "_sflow._udp.a"};
    CHECK(state.finished(gone, kStart) == Outcome::still_off);
    CHECK(state.active() == gone.answer);
  }
}

TEST_CASE("absent records in a whole search list keep the domain that had them") {
  DnsSdState state = started();
  state.finished(answer("c1"), kStart);
  DnsSdResult gone = absent();
  gone.answer.name = "first of the list";
  state.finished(gone, kStart);
  CHECK(state.finished(gone, kStart) == Outcome::switched_off);
  CHECK(state.active().value().name == "n");
}

TEST_CASE("a saved answer is active until DNS responds, and removed records switch it off") {
  DnsSdState state = started();
  state.remember(answer("c1").answer);
  state.finished(kFailed, kStart);
  CHECK(state.active() == answer("c1").answer);
  state.finished(absent(), kStart);
  CHECK(state.finished(absent(), kStart) == Outcome::switched_off);
}

TEST_CASE("texts that are missing stay as before, and are queried again soon") {
  DnsSdState state = started();
  DnsSdResult without_texts = answer("c2", 3600s);
  without_texts.answer.texts.clear();
  without_texts.error = {"TXT: Timeout"};
  SECTION("known before") {
    state.finished(answer("c1"), kStart);
    CHECK(state.finished(without_texts, kStart) == Outcome::applied);
    CHECK(state.active() == answer("c2").answer);
  }
  SECTION("of another name") {
    DnsSdResult other = answer("c1");
    other.answer.name = "m";
    state.finished(other, kStart);
    CHECK(state.finished(without_texts, kStart) == Outcome::applied);
    CHECK(state.active().value().texts.empty());
  }
  SECTION("not authenticated then, beside services that are now") {
    state.finished(answer("c1"), kStart);
    without_texts.answer.authenticated = true;
    state.finished(without_texts, kStart);
    CHECK(!state.active().value().authenticated);
  }
  CHECK(*state.due() <= kStart + 6s);
}

TEST_CASE("a change of servers or a reload makes DNS-SD due, unless a query is pending") {
  DnsSdState state = started();
  state.asked();
  CHECK(!state.due());
  state.finished(answer("c1", 3600s), kStart);
  state.ask_now(kStart + 5s);
  CHECK(state.due() == kStart + 5s);
  state.finished(answer("c1", 3600s), kStart);
  state.configure({.on = true, .start_delay = 300s}, kStart + 6s);
  CHECK(state.due() == kStart + 6s);
}

TEST_CASE("the back-off after failures begins anew with other servers, and after an absence") {
  DnsSdState state = started();
  const std::vector<std::function<void()>> steps{[&] { state.ask_now(kStart); },
                                                 [&] { state.finished(absent(), kStart); }};
  for (const auto& step : steps) {
    for (int i = 0; i < 4; ++i) {
      state.finished(kFailed, kStart);
    }
    CHECK(*state.due() > kStart + 30s);
    step();
    state.finished(kFailed, kStart);
    CHECK(*state.due() <= kStart + 6s);
  }
}

} // namespace sfa::dnssd_dns_sd_state_test
