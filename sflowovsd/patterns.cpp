#include "sflowovsd/patterns.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace sfa::sflowovsd {

namespace {

void add_unmatched(std::vector<UnmatchedPattern>& result, std::string_view option,
                   const std::vector<std::string>& patterns, const std::vector<BridgeRow>& bridges,
                   const std::vector<FakeBridge>& fakes) {
  for (const auto& pattern : patterns) {
    const auto matches = [&](const auto& bridge) { return matches_any({pattern}, bridge.name); };
    if (std::ranges::any_of(bridges, matches)) {
      continue;
    }
    const auto fake = std::ranges::find_if(fakes, matches);
    result.push_back({option, pattern, fake == fakes.end() ? std::nullopt : std::optional(*fake)});
  }
}

} // namespace

std::vector<UnmatchedPattern> unmatched_patterns(const Want& want, const std::vector<BridgeRow>& bridges,
                                                 const std::vector<FakeBridge>& fakes) {
  std::vector<UnmatchedPattern> result;
  if (want.row && !bridges.empty()) {
    add_unmatched(result, "bridges", want.bridges, bridges, fakes);
    add_unmatched(result, "exclude", want.exclude, bridges, fakes);
  }
  return result;
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
