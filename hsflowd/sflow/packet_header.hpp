// The addresses and ports in the first bytes of a packet. A sample of a packet ends anywhere, and any bytes
// may claim to be a packet: what is not there, or is not what its header says, is left empty, and nothing is
// an error.
#pragma once

#include "common/ip_address.hpp"
#include "sflow/counter_types.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace sfa::sflow {

// What a packet begins with.
enum class LinkType {
  ethernet,
  ip,              // the first nibble says whether 4 or 6
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
  bool fragment = false;                   // not a whole IP datagram
  std::optional<std::uint16_t> src_port;   // TCP, UDP
  std::optional<std::uint16_t> dst_port;
  std::optional<std::uint8_t> tcp_flags;
  std::optional<std::uint8_t> icmp_type; // also ICMPv6
  std::optional<std::uint8_t> icmp_code;

  bool operator==(const PacketHeader&) const = default;
};

struct Packet {
  PacketHeader header;
  // What follows a UDP header, as much of it as there is: a view into the bytes that were parsed.
  std::span<const std::uint8_t> udp_payload;
};

[[nodiscard]] Packet parse_packet(LinkType type, std::span<const std::uint8_t> bytes);

} // namespace sfa::sflow
