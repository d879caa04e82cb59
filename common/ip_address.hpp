// IPv4 and IPv6 addresses as values.
#pragma once

#include "common/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sfa {

class IpAddress {
public:
  using V4 = std::array<std::uint8_t, 4>;
  using V6 = std::array<std::uint8_t, 16>;

  // 0.0.0.0
  IpAddress() = default;
  // Bytes in network order.
  explicit IpAddress(const V4& bytes);
  explicit IpAddress(const V6& bytes);

  // Dotted quad, or IPv6 (RFC 4291, section 2.2) without brackets and scope.
  [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const { return size_ == 4; }
  // 4 or 16 bytes in network order.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }
  // IPv6 as in RFC 5952.
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

private:
  std::uint8_t size_ = 4;
  V6 bytes_{}; // unused bytes are zero, for comparison
};

} // namespace sfa
