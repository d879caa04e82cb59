// The records of flow samples: which packet was sampled, and what the switch did with it.
#pragma once

#include "common/ip_address.hpp"
#include "sflow/packet_header.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sfa::sflow {

// sFlow Version 5, sampled_header.
struct SampledHeader {
  static constexpr std::uint32_t kFormat = 1;
  static constexpr std::string_view kName = "sampled_header";
  std::uint32_t protocol = 0;      // header_protocol: 1 Ethernet, 11 IPv4, 12 IPv6; others are not parsed
  std::uint32_t frame_length = 0;  // bytes before sampling
  std::uint32_t stripped = 0;      // bytes removed from the frame before sampling
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

// sFlow Version 5, extended_mpls. Labels are the outermost first.
struct ExtendedMpls {
  static constexpr std::uint32_t kFormat = 1006;
  static constexpr std::string_view kName = "extended_mpls";
  IpAddress nexthop;
  std::vector<std::uint32_t> in_stack;
  std::vector<std::uint32_t> out_stack;

  bool operator==(const ExtendedMpls&) const = default;
  static void fields(auto& self, auto&& field) {
    field("nexthop", self.nexthop);
    field("in_stack", self.in_stack);
    field("out_stack", self.out_stack);
  }
};

// sFlow Version 5, sampled_ipv4: the outer header of a tunnel.
struct TunnelIpv4 {
  std::uint32_t length = 0;   // bytes, without the lower layer
  std::uint32_t protocol = 0; // IP protocol
  IpAddress::V4 src_ip{};
  IpAddress::V4 dst_ip{};
  std::uint32_t src_port = 0;
  std::uint32_t dst_port = 0;
  std::uint32_t tcp_flags = 0;
  std::uint32_t tos = 0;

  bool operator==(const TunnelIpv4&) const = default;
  static void fields(auto& self, auto&& field) {
    field("length", self.length);
    field("protocol", self.protocol);
    field("src_ip", self.src_ip);
    field("dst_ip", self.dst_ip);
    field("src_port", self.src_port);
    field("dst_port", self.dst_port);
    field("tcp_flags", self.tcp_flags);
    field("tos", self.tos);
  }
};

// sFlow Tunnel Structures. Egress: the packet goes into the tunnel; ingress: it came out of it.
struct ExtendedIpv4TunnelEgress : TunnelIpv4 {
  static constexpr std::uint32_t kFormat = 1023;
  static constexpr std::string_view kName = "extended_ipv4_tunnel_egress";
};
struct ExtendedIpv4TunnelIngress : TunnelIpv4 {
  static constexpr std::uint32_t kFormat = 1024;
  static constexpr std::string_view kName = "extended_ipv4_tunnel_ingress";
};

// sFlow Tunnel Structures: the virtual network of a tunnel (RFC 7348).
struct TunnelVni {
  std::uint32_t vni = 0;

  bool operator==(const TunnelVni&) const = default;
  static void fields(auto& self, auto&& field) { field("vni", self.vni); }
};
struct ExtendedVniEgress : TunnelVni {
  static constexpr std::uint32_t kFormat = 1029;
  static constexpr std::string_view kName = "extended_vni_egress";
};
struct ExtendedVniIngress : TunnelVni {
  static constexpr std::uint32_t kFormat = 1030;
  static constexpr std::string_view kName = "extended_vni_ingress";
};

// sFlow Version 5, interface_expanded.
struct SwitchPort {
  std::uint32_t format = 0; // 0 ifIndex, 1 discarded (value = reason), 2 that many ports
  std::uint32_t value = 0;

  bool operator==(const SwitchPort&) const = default;
};

} // namespace sfa::sflow
