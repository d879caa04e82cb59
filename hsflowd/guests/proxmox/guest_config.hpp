// The configuration of one guest of Proxmox VE (qm.conf(5), pct.conf(5)).
#pragma once

#include "common/uuid.hpp"
#include "guests/proxmox/guest_key.hpp"
#include "sflow/counter_types.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sfa::guests {

struct GuestConfig {
  std::string name = {};                                // empty: none
  std::optional<Uuid> uuid = {};                        // smbios1 of a VM
  std::optional<std::uint64_t> memory = {};             // bytes
  std::optional<std::uint32_t> cpus = {};               // nullopt: unknown, or all of the host
  bool is_template = false;                             // never runs
  std::map<std::uint32_t, sflow::MacAddress> nics = {}; // by N of netN
  std::size_t bad_items = 0;                            // which are left out
  std::string first_bad = {};                           // "line 3: memory: 'x' is not a number of MiB"

  bool operator==(const GuestConfig&) const = default;
};

// Parses the current configuration, which ends at the first section: [PENDING], [special:...], a snapshot.
// Of a key that appears twice, the last value counts, as for Proxmox VE. What is absent has the default value
// of qm.conf(5).
[[nodiscard]] GuestConfig parse_guest_config(GuestKind kind, std::string_view text);

} // namespace sfa::guests
