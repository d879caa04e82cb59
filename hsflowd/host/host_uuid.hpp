// The UUID by which collectors know this host.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"
#include "sflow/counters.hpp"

#include <string>
#include <string_view>

namespace sfa::host {

// Exactly 32 hexadecimal digits, with dashes after digits 8, 12, 16 and 20 or without any (RFC 4122,
// section 3).
[[nodiscard]] Result<Uuid> parse_uuid(std::string_view text);
[[nodiscard]] std::string format_uuid(const Uuid& uuid);

// Whether a firmware's UUID tells one host from another: many boards carry zeros, ones, or a sample value.
[[nodiscard]] bool is_unique(const Uuid& uuid);

// A UUID that stays the same for a machine id but does not reveal it, since machine-id(5) asks that it is not
// sent over a network. For a real machine id it is what sd_id128_get_machine_app_specific(3) gives for our
// application id.
[[nodiscard]] Uuid derive_uuid(std::string_view machine_id);

enum class UuidOrigin { unknown, configured, firmware, machine_id };

struct HostUuid {
  Uuid value{}; // zeros when unknown
  UuidOrigin origin = UuidOrigin::unknown;

  bool operator==(const HostUuid&) const = default;
};

// The first of: `configured` (the file's or the command line's; may be empty), the UUID that the firmware
// gives over DMI, one derived from `machine_id` (the command line's; when empty, the content of
// etc/machine-id). The firmware's UUID, which only root may read, counts as none when it cannot be read. An
// Error only for a `configured` one that is malformed.
[[nodiscard]] Result<HostUuid> find_host_uuid(const SysRoot& root, std::string_view configured,
                                              std::string_view machine_id);

} // namespace sfa::host
