// The identity of a guest on a Proxmox VE node: its VMID, which is unique in the cluster.
#pragma once

#include "common/text.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sfa::guests {

inline constexpr std::uint32_t kMostNics = 32; // net0 to net31

enum class GuestKind { vm, container }; // QEMU, LXC

struct GuestKey {
  std::uint32_t vmid = 0;
  GuestKind kind = GuestKind::vm;

  auto operator<=>(const GuestKey&) const = default;
};

// Digits without a sign or leading zeros, in the range that Proxmox VE accepts.
[[nodiscard]] inline std::optional<std::uint32_t> parse_vmid(std::string_view text) {
  constexpr std::uint32_t kFirst = 100;
  constexpr std::uint32_t kLast = 999'999'999;
  const auto vmid = text.starts_with('0') ? std::nullopt : parse_number<std::uint32_t>(text);
  return vmid && *vmid >= kFirst && *vmid <= kLast ? vmid : std::nullopt;
}

} // namespace sfa::guests
