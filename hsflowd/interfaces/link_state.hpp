// Speed, duplex and operational state of an interface, from sysfs.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sfa::interfaces {

enum class Duplex { unknown, full, half };

struct LinkState {
  std::uint64_t speed_mbps = 0; // 0 = unknown
  Duplex duplex = Duplex::unknown;
  bool operational = false; // ifOperStatus (RFC 2863) is up

  bool operator==(const LinkState&) const = default;
};

// sys/class/net/NAME/speed. Returns 0 for -1 and 2^32 - 1, which mean unknown.
[[nodiscard]] Result<std::uint64_t> parse_speed(std::string_view text);

// An attribute without a value is unknown, such as the speed of a device that is down. A device whose
// operational state is unknown, such as a tap, is up if it has a carrier.
[[nodiscard]] Result<LinkState> read_link_state(const host::SysRoot& root, const std::string& name);

} // namespace sfa::interfaces
