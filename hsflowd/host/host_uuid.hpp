// The UUID by which collectors know this host.
#pragma once

#include "common/result.hpp"
#include "common/uuid.hpp"
#include "host/sys_root.hpp"

#include <string_view>

namespace sfa::host {

// Whether a firmware's UUID identifies one host. Many boards have zeros, ones, or a sample value.
[[nodiscard]] bool is_unique(const Uuid& uuid);

// A UUID that is always the same for a machine id and does not reveal it: machine-id(5) asks not to send the
// id itself over a network. It equals what sd_id128_get_machine_app_specific(3) returns for a real machine id
// and our application id. Any other text is hashed in the same way. Throws if libgcrypt lacks HMAC-SHA-256.
[[nodiscard]] Uuid derive_uuid(std::string_view machine_id);

enum class UuidOrigin { unknown, configured, firmware, machine_id };

struct HostUuid {
  Uuid value{}; // zeros when unknown
  UuidOrigin origin = UuidOrigin::unknown;

  bool operator==(const HostUuid&) const = default;
};

// The first of these that exists:
// 1. `configured`, of the configuration file or the command line; may be empty;
// 2. the UUID that the firmware publishes through DMI; ignored if it cannot be read, because only root may;
// 3. one derived from `machine_id` of the command line, or from etc/machine-id if that is empty.
// An Error only if `configured` is malformed.
[[nodiscard]] Result<HostUuid> find_host_uuid(const SysRoot& root, std::string_view configured,
                                              std::string_view machine_id);

} // namespace sfa::host
