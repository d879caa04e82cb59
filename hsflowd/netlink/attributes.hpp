// The attributes of a netlink message (struct nlattr of netlink(7)), by type. What is cut short is absent.
#pragma once

#include "common/ip_address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <libmnl/libmnl.h>
#include <optional>
#include <string_view>
#include <type_traits>

namespace sfa::netlink {

// The fixed part of a message; nullopt if the message is shorter.
template <class Header>
[[nodiscard]] std::optional<Header> header_of(const nlmsghdr* message) {
  static_assert(std::is_trivially_copyable_v<Header>);
  if (mnl_nlmsg_get_payload_len(message) < sizeof(Header)) {
    return std::nullopt;
  }
  Header header;
  std::memcpy(&header, mnl_nlmsg_get_payload(message), sizeof header);
  return header;
}

// One attribute of a message, which is cheaper than all of them; null if it is absent.
[[nodiscard]] inline const nlattr* find_attribute(const nlmsghdr* message, std::size_t header_bytes,
                                                  std::uint16_t type) {
  const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
  const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, header_bytes));
  for (; mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)));
       attribute = mnl_attr_next(attribute)) {
    if (mnl_attr_get_type(attribute) == type) {
      return attribute;
    }
  }
  return nullptr;
}

// The IP address of N bytes in an attribute of that size.
template <std::size_t N>
[[nodiscard]] IpAddress address_of(const nlattr* attribute) {
  std::array<std::uint8_t, N> bytes{};
  std::memcpy(bytes.data(), mnl_attr_get_payload(attribute), N);
  return IpAddress(bytes);
}

class Attributes {
public:
  // Those behind the fixed part of a message.
  Attributes(const nlmsghdr* message, std::size_t header_bytes) {
    mnl_attr_parse(message, static_cast<unsigned>(header_bytes), store, &by_type_);
  }
  // Those nested in an attribute; none if it is null.
  explicit Attributes(const nlattr* parent) {
    if (parent != nullptr) {
      mnl_attr_parse_nested(parent, store, &by_type_);
    }
  }

  // Null if it is absent. The last one counts if there are several.
  [[nodiscard]] const nlattr* operator[](std::size_t type) const {
    return type < by_type_.size() ? by_type_[type] : nullptr;
  }

  // Empty if it is absent or not a string.
  [[nodiscard]] std::string_view text(std::size_t type) const {
    const nlattr* attribute = (*this)[type];
    return attribute != nullptr && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0
               ? std::string_view(mnl_attr_get_str(attribute))
               : std::string_view();
  }

  // nullopt if it is absent or of another size.
  [[nodiscard]] std::optional<std::uint32_t> u32(std::size_t type) const {
    const nlattr* attribute = (*this)[type];
    return attribute != nullptr && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0
               ? std::optional(mnl_attr_get_u32(attribute))
               : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> u64(std::size_t type) const {
    const nlattr* attribute = (*this)[type];
    return attribute != nullptr && mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0
               ? std::optional(mnl_attr_get_u64(attribute))
               : std::nullopt;
  }

private:
  using ByType = std::array<const nlattr*, 64>; // no message of ours has a type above it

  static int store(const nlattr* attribute, void* data) {
    auto& by_type = *static_cast<ByType*>(data);
    if (const std::size_t type = mnl_attr_get_type(attribute); type < by_type.size()) {
      by_type[type] = attribute;
    }
    return MNL_CB_OK;
  }

  ByType by_type_{};
};

} // namespace sfa::netlink
