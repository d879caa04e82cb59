#include "sflowovsd/want.hpp"

#include <catch2/catch.hpp>

namespace sfa::sflowovsd_bridge_want_test {

using namespace sflowovsd;

namespace {

const Want kOn{.row = SflowColumns{
                   .agent = {}, .sampling = 512, .polling = 20, .header = 128, .targets = {"10.0.0.2:6343"}}};

BridgeWant want_of(const Want& want, std::string name, std::string on_off = "", std::string sampling = "") {
  return want_for({RowId{}, std::move(name), std::nullopt, std::move(on_off), std::move(sampling)}, want);
}

} // namespace

TEST_CASE("all bridges are selected unless there is a list, and an exclusion overrides the list") {
  CHECK(want_of(kOn, "br0").state == BridgeState::sampled);
  Want some = kOn;
  some.bridges = {"br-int", "br-ex*"};
  some.exclude = {"br-ex2"};
  CHECK(want_of(some, "br-int").state == BridgeState::sampled);
  CHECK(want_of(some, "br-ex1").state == BridgeState::sampled);
  CHECK(want_of(some, "br-ex2").state == BridgeState::excluded);
  CHECK(want_of(some, "br0").state == BridgeState::excluded);
}

TEST_CASE("a bridge cannot switch sFlow on if it is excluded or sFlow is off everywhere") {
  CHECK(want_of(Want{}, "br0", "on", "10").state == BridgeState::off);
  Want none = kOn;
  none.exclude = {"*"};
  CHECK(want_of(none, "br0", "on", "10").state == BridgeState::excluded);
}

TEST_CASE("a bridge may set its own rate, and 0 means counters only") {
  CHECK(want_of(kOn, "br0").sampling == 512);
  CHECK(want_of(kOn, "br0", "", "64").sampling == 64);
  CHECK(want_of(kOn, "br0", "", "10000000").sampling == 10000000);
  CHECK(want_of(kOn, "br0", "", "0").sampling == 4294967295);
  Want no_counters = kOn;
  no_counters.row->polling = 0;
  CHECK(want_of(no_counters, "br0", "", "0").state == BridgeState::switched_off);
  Want counters = kOn;
  counters.row->sampling = kCountersOnly;
  CHECK(want_of(counters, "br0", "", "64").sampling == 64);
}

TEST_CASE("an invalid rate is reported, and the rate of the settings applies") {
  for (const auto* wrong : {"-1", "10000001", "4294967297", "12x", " 12", "0x10", "1e3"}) {
    const BridgeWant result = want_of(kOn, "br0", "", wrong);
    CAPTURE(wrong);
    CHECK(result.state == BridgeState::sampled);
    CHECK(result.sampling == 512);
    CHECK(!result.problem.empty());
  }
}

TEST_CASE("on and off are recognized in any case, and nothing else is") {
  for (const auto* value : {"on", "ON", "On", ""}) {
    CHECK(want_of(kOn, "br0", value).state == BridgeState::sampled);
    CHECK(want_of(kOn, "br0", value).problem.empty());
  }
  for (const auto* value : {"off", "OFF", "Off"}) {
    CHECK(want_of(kOn, "br0", value).state == BridgeState::switched_off);
    CHECK(want_of(kOn, "br0", value).problem.empty());
  }
  CHECK(want_of(kOn, "br0", "no").state == BridgeState::sampled);
  CHECK(!want_of(kOn, "br0", "no").problem.empty());
}

TEST_CASE("without counters a bridge that samples packets keeps sFlow") {
  Want no_counters = kOn;
  no_counters.row->polling = 0;
  CHECK(want_of(no_counters, "br0").state == BridgeState::sampled);
  CHECK(want_of(no_counters, "br0", "", "64").state == BridgeState::sampled);
}

} // namespace sfa::sflowovsd_bridge_want_test
