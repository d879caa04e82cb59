// Addresses and ports in the first bytes of a packet. A sampled packet may end anywhere, and its bytes may be
// anything. A field that is missing or contradicts its header stays nullopt; nothing is an error.
#pragma once

#include "common/ip_address.hpp"
#include "sflow/counter_types.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace sfa::sflow {

// The first header of a packet.
enum class LinkType {
  ethernet,
  ip,              // the first nibble is the version
  loopback,        // four bytes of address family, then IP
  linux_cooked,    // LINKTYPE_LINUX_SLL
  linux_cooked_v2, // LINKTYPE_LINUX_SLL2
};

struct PacketHeader {
  std::optional<MacAddress> src_mac;
  std::optional<MacAddress> dst_mac;
  std::optional<std::uint16_t> vlan;       // id in the outermost tag
  std::optional<std::uint16_t> inner_vlan; // id in the next tag (802.1ad)
  std::optional<std::uint16_t> ethertype;  // after all tags
  std::optional<IpAddress> src_ip;         // of ARP: the sender's
  std::optional<IpAddress> dst_ip;         // of ARP: the target's
  std::optional<std::uint8_t> ip_protocol; // after IPv6 extension headers
  std::optional<std::uint8_t> ttl;         // IPv6: hop limit
  bool fragment = false;                   // not a complete IP datagram
  std::optional<std::uint16_t> src_port;   // TCP, UDP
  std::optional<std::uint16_t> dst_port;
  std::optional<std::uint8_t> tcp_flags;
  std::optional<std::uint8_t> icmp_type; // also ICMPv6
  std::optional<std::uint8_t> icmp_code;

  bool operator==(const PacketHeader&) const = default;
};

struct Packet {
  PacketHeader header;
  // The captured bytes after a UDP header: a view into the bytes that were parsed.
  std::span<const std::uint8_t> udp_payload;
};

[[nodiscard]] Packet parse_packet(LinkType type, std::span<const std::uint8_t> bytes);

} // namespace sfa::sflow
