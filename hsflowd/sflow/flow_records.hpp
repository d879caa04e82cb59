// What flow samples are made of: the records that say which packet was sampled and what the switch did with
// it.
#pragma once

#include "sflow/packet_header.hpp"

#include <cstdint>
#include <string_view>

namespace sfa {

// sFlow Version 5, sampled_header.
struct SampledHeader {
  static constexpr std::uint32_t kFormat = 1;
  static constexpr std::string_view kName = "sampled_header";
  std::uint32_t protocol = 0;     // header_protocol: 1 Ethernet, 11 IPv4, 12 IPv6; others are not looked into
  std::uint32_t frame_length = 0; // bytes before sampling
  std::uint32_t stripped = 0;     // bytes removed from the frame before sampling
  std::uint32_t header_length = 0; // bytes sampled
  PacketHeader packet;

  bool operator==(const SampledHeader&) const = default;
};

// sFlow Version 5, extended_switch.
struct ExtendedSwitch {
  static constexpr std::uint32_t kFormat = 1001;
  static constexpr std::string_view kName = "extended_switch";
  std::uint32_t src_vlan = 0;
  std::uint32_t src_priority = 0;
  std::uint32_t dst_vlan = 0;
  std::uint32_t dst_priority = 0;

  bool operator==(const ExtendedSwitch&) const = default;
  static void fields(auto& self, auto&& field) {
    field("src_vlan", self.src_vlan);
    field("src_priority", self.src_priority);
    field("dst_vlan", self.dst_vlan);
    field("dst_priority", self.dst_priority);
  }
};

// sFlow Version 5, interface_expanded.
struct SwitchPort {
  std::uint32_t format = 0; // 0 ifIndex, 1 discarded (value = reason), 2 so many ports
  std::uint32_t value = 0;

  bool operator==(const SwitchPort&) const = default;
};

} // namespace sfa
