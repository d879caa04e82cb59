// What the shared file's settings mean for Open vSwitch.
#pragma once

#include "common/settings.hpp"
#include "sflowovsd/snapshot.hpp"

#include <optional>
#include <string_view>

namespace sfa {

// What every bridge should have. No row: sFlow is to be off.
struct Goal {
  std::optional<SflowColumns> row;
  bool takeover = false; // also where a row carries somebody else's external_ids
};

[[nodiscard]] Goal desired(const Settings& settings, std::string_view ovs_version);

} // namespace sfa
