// Patterns of `ovs { bridges, exclude }` that match no bridge: most likely mistakes. Pure.
#pragma once

#include "sflowovsd/snapshot.hpp"
#include "sflowovsd/want.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflowovsd {

// A VLAN of a bridge, which ovs-vsctl(8) shows as if it were a bridge. It has no row in the table Bridge.
struct FakeBridge {
  std::string name;
  std::string parent;
  std::int64_t vlan = 0;

  bool operator==(const FakeBridge&) const = default;
};

struct UnmatchedPattern {
  std::string_view option; // "bridges" or "exclude"
  std::string pattern;
  std::optional<FakeBridge> fake = {}; // one that it matches, if that is known

  bool operator==(const UnmatchedPattern&) const = default;
};

// nullopt if nothing can be said, because sFlow is off or there are no bridges at all.
[[nodiscard]] std::optional<std::vector<UnmatchedPattern>>
unmatched_patterns(const Want& want, const std::vector<BridgeRow>& bridges);

// The first that the pattern matches.
[[nodiscard]] std::optional<FakeBridge> find_fake_bridge(const UnmatchedPattern& unmatched,
                                                         const std::vector<FakeBridge>& fakes);

// In words, on one line.
[[nodiscard]] std::string pattern_text(const UnmatchedPattern& unmatched);

} // namespace sfa::sflowovsd
