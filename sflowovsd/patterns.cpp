#include "sflowovsd/patterns.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::sflowovsd {

namespace {

void add_unmatched(std::vector<UnmatchedPattern>& result, std::string_view option,
                   const std::vector<std::string>& patterns, const std::vector<BridgeRow>& bridges) {
  for (const auto& pattern : patterns) {
    if (std::ranges::none_of(bridges,
                             [&](const BridgeRow& bridge) { return matches_any({pattern}, bridge.name); })) {
      result.push_back({option, pattern});
    }
  }
}

} // namespace

std::optional<std::vector<UnmatchedPattern>> unmatched_patterns(const Want& want,
                                                                const std::vector<BridgeRow>& bridges) {
  if (!want.row || bridges.empty()) {
    return std::nullopt;
  }
  std::vector<UnmatchedPattern> result;
  add_unmatched(result, "bridges", want.bridges, bridges);
  add_unmatched(result, "exclude", want.exclude, bridges);
  return result;
}

std::optional<FakeBridge> find_fake_bridge(const UnmatchedPattern& unmatched,
                                           const std::vector<FakeBridge>& fakes) {
  const auto found = std::ranges::find_if(
      fakes, [&](const FakeBridge& fake) { return matches_any({unmatched.pattern}, fake.name); });
  return found == fakes.end() ? std::nullopt : std::optional(*found);
}

std::string pattern_text(const UnmatchedPattern& unmatched) {
  std::string text =
      fmt::format("{}: `{}` matches no bridge", unmatched.option, printable(unmatched.pattern));
  if (unmatched.fake) {
    text += fmt::format("; the fake bridge {} is VLAN {} of {}", printable(unmatched.fake->name),
                        unmatched.fake->vlan, printable(unmatched.fake->parent));
  }
  return text;
}

} // namespace sfa::sflowovsd
