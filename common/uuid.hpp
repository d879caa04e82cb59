// A universally unique identifier (RFC 4122) as 16 bytes in network order.
#pragma once

#include <array>
#include <cstdint>

namespace sfa {

using Uuid = std::array<std::uint8_t, 16>;

} // namespace sfa
