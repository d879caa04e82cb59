// Universally unique identifiers (RFC 4122), read and written by libuuid.
#pragma once

#include "common/result.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfa {

using Uuid = std::array<std::uint8_t, 16>; // in network order

// 32 hexadecimal digits in either case, with dashes after digits 8, 12, 16 and 20 or without any.
[[nodiscard]] Result<Uuid> parse_uuid(std::string_view text);

// Version 5: the same for the same name in the same name space, and practically never for another.
[[nodiscard]] Uuid derive_uuid(const Uuid& name_space, std::string_view name);

// In lower case, with dashes.
[[nodiscard]] std::string format_uuid(const Uuid& uuid);

} // namespace sfa
