#include "sflowovsd/patterns.hpp"

#include <catch2/catch.hpp>

namespace sfa::sflowovsd_patterns_test {

using namespace sflowovsd;

namespace {

std::vector<BridgeRow> bridges(std::initializer_list<std::string> names) {
  std::vector<BridgeRow> rows;
  for (const auto& name : names) {
    rows.push_back({.id = {}, .name = name, .sflow = {}});
  }
  return rows;
}

Want want(std::vector<std::string> selected, std::vector<std::string> excluded) {
  return {.row = SflowColumns{}, .bridges = std::move(selected), .exclude = std::move(excluded)};
}

// nullopt if nothing can be said.
std::optional<std::vector<std::string>> texts(const Want& want, const std::vector<BridgeRow>& rows,
                                              const std::vector<FakeBridge>& fakes = {}) {
  const auto found = unmatched_patterns(want, rows);
  if (!found) {
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (auto unmatched : *found) {
    unmatched.fake = find_fake_bridge(unmatched, fakes);
    result.push_back(pattern_text(unmatched));
  }
  return result;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("patterns that match no bridge are named with their option, and those that match one are not") {
  CHECK(texts(want({"br-int", "br-ex*"}, {"br-ex2"}), bridges({"br-int", "br-ex1", "br-ex2"})) == Texts{});
  CHECK(texts(want({"br-itn", "br-ex*"}, {"tmp*"}), bridges({"br-int", "br-ex1"})) ==
        Texts{"bridges: `br-itn` matches no bridge", "exclude: `tmp*` matches no bridge"});
}

TEST_CASE("a pattern that matches only a fake bridge is explained with its parent and VLAN") {
  const std::vector<FakeBridge> fakes{{"vlan100", "br-int", 100}, {"vlan200", "br-int", 200}};
  CHECK(texts(want({"vlan2*"}, {}), bridges({"br-int"}), fakes) ==
        Texts{"bridges: `vlan2*` matches no bridge; the fake bridge vlan200 is VLAN 200 of br-int"});
  CHECK(texts(want({"v*"}, {}), bridges({"v0"}), fakes) == Texts{});
}

TEST_CASE("nothing is said of patterns while sFlow is off, or without any bridge") {
  CHECK(!texts(want({"br-itn"}, {}), bridges({})));
  CHECK(!texts(Want{.bridges = {"br-itn"}}, bridges({"br-int"})));
}

TEST_CASE("names from outside are shown in a form that is safe for a terminal") {
  CHECK(texts(want({"\x1b[31m"}, {}), bridges({"br0"})) == Texts{"bridges: `\\x1b[31m` matches no bridge"});
}

} // namespace sfa::sflowovsd_patterns_test
