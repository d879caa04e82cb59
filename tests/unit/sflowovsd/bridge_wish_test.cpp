#include "sflowovsd/bridge_wish.hpp"

#include <catch2/catch.hpp>

using namespace sfa;
using namespace sfa::sflowovsd;

namespace {

const Goal kOn{.row = SflowColumns{
                   .agent = {}, .sampling = 512, .polling = 20, .header = 128, .targets = {"10.0.0.2:6343"}}};

Wish wish_of(Goal goal, std::string name, std::string on_off = "", std::string sampling = "") {
  return wish(goal, {RowId{}, std::move(name), std::nullopt, std::move(on_off), std::move(sampling)});
}

} // namespace

TEST_CASE("without a list all bridges are meant, and an exclusion is stronger than the list") {
  CHECK(wish_of(kOn, "br0").wanted == Wanted::sflow);
  Goal some = kOn;
  some.bridges = {"br-int", "br-ex*"};
  some.exclude = {"br-ex2"};
  CHECK(wish_of(some, "br-int").wanted == Wanted::sflow);
  CHECK(wish_of(some, "br-ex1").wanted == Wanted::sflow);
  CHECK(wish_of(some, "br-ex2").wanted == Wanted::excluded);
  CHECK(wish_of(some, "br0").wanted == Wanted::excluded);
}

TEST_CASE("a bridge cannot switch on what is off everywhere or excluded") {
  CHECK(wish_of(Goal{}, "br0", "on", "10").wanted == Wanted::off);
  Goal none = kOn;
  none.exclude = {"*"};
  CHECK(wish_of(none, "br0", "on", "10").wanted == Wanted::excluded);
}

TEST_CASE("a bridge has its own rate, and with 0 its counters only") {
  CHECK(wish_of(kOn, "br0").sampling == 512);
  CHECK(wish_of(kOn, "br0", "", "64").sampling == 64);
  CHECK(wish_of(kOn, "br0", "", "10000000").sampling == 10000000);
  CHECK(wish_of(kOn, "br0", "", "0").sampling == 4294967295);
  Goal no_counters = kOn;
  no_counters.row->polling = 0;
  CHECK(wish_of(no_counters, "br0", "", "0").wanted == Wanted::switched_off);
  Goal counters = kOn;
  counters.row->sampling = kCountersOnly;
  CHECK(wish_of(counters, "br0", "", "64").sampling == 64);
}

TEST_CASE("a rate that is none leaves the one of the settings in force") {
  for (const auto* wrong : {"-1", "10000001", "4294967297", "12x", " 12", "0x10", "1e3"}) {
    const Wish result = wish_of(kOn, "br0", "", wrong);
    CAPTURE(wrong);
    CHECK(result.wanted == Wanted::sflow);
    CHECK(result.sampling == 512);
    CHECK(!result.problem.empty());
  }
}
