// The identity of this host.
#pragma once

#include "host/host_uuid.hpp"

#include <string>
#include <string_view>

namespace sfa::host {

// The part of host_descr that the kernel does not expose under /proc.
struct HostIdentity {
  std::string hostname;   // uname(2) nodename
  std::string machine;    // uname(2) machine
  std::string os_release; // uname(2) release
  Uuid uuid{};

  bool operator==(const HostIdentity&) const = default;
};

// From uname(2), and from find_host_uuid() with these arguments.
[[nodiscard]] Result<HostIdentity> find_host_identity(const SysRoot& root, std::string_view configured_uuid,
                                                      std::string_view machine_id);

} // namespace sfa::host
