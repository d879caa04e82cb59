#include "sflow/packet_header.hpp"

#include "common/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sfa::sflow {

namespace {

constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
constexpr std::uint16_t kEthertypeArp = 0x0806;
constexpr std::uint16_t kEthertypeVlan = 0x8100;        // IEEE 802.1Q
constexpr std::uint16_t kEthertypeServiceVlan = 0x88a8; // IEEE 802.1ad
constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;
constexpr std::uint16_t kSmallestEthertype = 0x0600; // below: the length of an IEEE 802.3 frame

// IANA, Assigned Internet Protocol Numbers.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmpV6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

template <class Bytes>
std::optional<IpAddress> address(ByteReader& in) {
  return in.if_ok(IpAddress(in.array<std::tuple_size_v<Bytes>>()));
}

// RFC 9293, section 3.1
void parse_tcp(ByteReader& in, PacketHeader& header) {
  header.src_port = in.if_ok(in.u16());
  header.dst_port = in.if_ok(in.u16());
  in.skip(4 + 4 + 1); // sequence number, acknowledgment number, data offset
  header.tcp_flags = in.if_ok(in.u8());
}

// RFC 768
void parse_udp(ByteReader& in, Packet& packet) {
  constexpr std::uint16_t kHeaderSize = 8;
  packet.header.src_port = in.if_ok(in.u16());
  packet.header.dst_port = in.if_ok(in.u16());
  const auto length = in.u16();
  in.skip(2); // checksum
  if (in.ok() && length >= kHeaderSize) {
    in.limit(length - kHeaderSize); // an Ethernet frame may be padded
    packet.udp_payload = in.rest();
  }
}

void parse_transport(ByteReader& in, std::uint8_t protocol, Packet& packet) {
  packet.header.ip_protocol = protocol;
  if (protocol == kTcp) {
    parse_tcp(in, packet.header);
  } else if (protocol == kUdp) {
    parse_udp(in, packet);
  } else if (protocol == kIcmp || protocol == kIcmpV6) {
    packet.header.icmp_type = in.if_ok(in.u8());
    packet.header.icmp_code = in.if_ok(in.u8());
  }
}

// RFC 791, section 3.1
void parse_ipv4(ByteReader& in, Packet& packet) {
  constexpr std::size_t kSmallestHeader = 20;
  PacketHeader& header = packet.header;
  const auto version_and_length = in.u8();
  if (version_and_length >> 4 != 4) {
    return;
  }
  const std::size_t header_length = std::size_t{4} * (version_and_length & 0x0fU);
  in.skip(1); // type of service
  const auto total_length = in.u16();
  in.skip(2); // identification
  const auto flags_and_offset = in.u16();
  header.ttl = in.if_ok(in.u8());
  const auto protocol = in.u8();
  header.ip_protocol = in.if_ok(protocol);
  in.skip(2); // checksum
  header.src_ip = address<IpAddress::V4>(in);
  header.dst_ip = address<IpAddress::V4>(in);
  if (!in.ok() || header_length < kSmallestHeader) {
    return;
  }
  constexpr std::uint16_t kMoreFragments = 0x2000;
  constexpr std::uint16_t kOffsetMask = 0x1fff;
  header.fragment = (flags_and_offset & (kMoreFragments | kOffsetMask)) != 0;
  if ((flags_and_offset & kOffsetMask) != 0) {
    return; // the ports are in another fragment
  }
  in.skip(header_length - kSmallestHeader);
  if (total_length >= header_length) { // 0 before the network card has segmented it
    in.limit(total_length - header_length);
  }
  parse_transport(in, protocol, packet);
}

// RFC 8200, section 4; RFC 7045, section 4, for Mobility, HIP and Shim6. Lengths are without the first
// 8 octets, in units of 8 octets, for Authentication of 4 (RFC 4302, section 2.2).
void parse_ipv6_extensions(ByteReader& in, std::uint8_t protocol, Packet& packet) {
  constexpr std::array kExtensions{kHopByHop,           kRouting,  kFragment, kAuthentication,
                                   kDestinationOptions, kMobility, kHip,      kShim6};
  while (std::ranges::find(kExtensions, protocol) != kExtensions.end()) {
    const auto next = in.u8();
    const auto length = in.u8(); // reserved in Fragment
    const auto fragment = in.u16();
    if (!in.ok()) {
      return;
    }
    in.skip(4);
    if (protocol == kFragment) {
      packet.header.fragment = (fragment & 0xfff9) != 0; // offset and more-fragments flag
    } else if (protocol == kAuthentication) {
      in.skip(std::size_t{4} * length);
    } else {
      in.skip(std::size_t{8} * length);
    }
    if (protocol == kFragment && fragment >> 3 != 0) {
      packet.header.ip_protocol = next;
      return; // the ports are in another fragment
    }
    protocol = next;
  }
  parse_transport(in, protocol, packet);
}

// RFC 8200, section 3
void parse_ipv6(ByteReader& in, Packet& packet) {
  PacketHeader& header = packet.header;
  const auto version = in.u8();
  if (version >> 4 != 6) {
    return;
  }
  in.skip(3); // the rest of traffic class and flow label
  const auto payload_length = in.u16();
  const auto next_header = in.u8();
  header.ttl = in.if_ok(in.u8());
  header.src_ip = address<IpAddress::V6>(in);
  header.dst_ip = address<IpAddress::V6>(in);
  if (!in.ok()) {
    return;
  }
  if (payload_length > 0) { // 0: a jumbogram (RFC 2675)
    in.limit(payload_length);
  }
  parse_ipv6_extensions(in, next_header, packet);
}

// RFC 826, for IPv4 over Ethernet
void parse_arp(ByteReader& in, PacketHeader& header) {
  const auto types = in.array<6>(); // hardware type, protocol type, their lengths
  if (types != std::array<std::uint8_t, 6>{0, 1, 8, 0, 6, 4}) {
    return;
  }
  in.skip(2 + 6); // operation, sender's hardware address
  header.src_ip = address<IpAddress::V4>(in);
  in.skip(6);
  header.dst_ip = address<IpAddress::V4>(in);
}

void parse_ip(ByteReader& in, Packet& packet) {
  if (!in.rest().empty() && in.rest().front() >> 4 == 6) {
    parse_ipv6(in, packet);
  } else {
    parse_ipv4(in, packet);
  }
}

bool is_tag(std::optional<std::uint16_t> ethertype) {
  return ethertype && (*ethertype == kEthertypeVlan || *ethertype == kEthertypeServiceVlan);
}

// The bytes after an EtherType, which may be that of a tag.
void parse_network(ByteReader& in, std::optional<std::uint16_t> ethertype, Packet& packet) {
  PacketHeader& header = packet.header;
  while (is_tag(ethertype)) {
    const auto id = in.if_ok(static_cast<std::uint16_t>(in.u16() & 0x0fff));
    ethertype = in.if_ok(in.u16());
    if (!header.vlan) {
      header.vlan = id;
    } else if (!header.inner_vlan) {
      header.inner_vlan = id;
    }
  }
  if (!ethertype || *ethertype < kSmallestEthertype) {
    return;
  }
  header.ethertype = ethertype;
  if (ethertype == kEthertypeArp) {
    parse_arp(in, header);
  } else if (ethertype == kEthertypeIpv4) {
    parse_ipv4(in, packet);
  } else if (ethertype == kEthertypeIpv6) {
    parse_ipv6(in, packet);
  }
}

void parse_ethernet(ByteReader& in, Packet& packet) {
  packet.header.dst_mac = in.if_ok(in.array<6>());
  packet.header.src_mac = in.if_ok(in.array<6>());
  const auto ethertype = in.if_ok(in.u16());
  parse_network(in, ethertype, packet);
}

void parse_linux_cooked(ByteReader& in, Packet& packet) {
  in.skip(14); // packet type, device type, address length, address
  const auto protocol = in.if_ok(in.u16());
  parse_network(in, protocol, packet);
}

void parse_linux_cooked_v2(ByteReader& in, Packet& packet) {
  const auto protocol = in.if_ok(in.u16());
  in.skip(18); // reserved, interface index, device type, packet type, address length, address
  parse_network(in, protocol, packet);
}

} // namespace

Packet parse_packet(LinkType type, std::span<const std::uint8_t> bytes) {
  Packet packet;
  ByteReader in(bytes);
  switch (type) {
  case LinkType::ethernet:
    parse_ethernet(in, packet);
    break;
  case LinkType::loopback:
    in.skip(4); // the number of the family differs between systems; the IP version does not
    parse_ip(in, packet);
    break;
  case LinkType::ip:
    parse_ip(in, packet);
    break;
  case LinkType::linux_cooked:
    parse_linux_cooked(in, packet);
    break;
  case LinkType::linux_cooked_v2:
    parse_linux_cooked_v2(in, packet);
    break;
  }
  return packet;
}

} // namespace sfa::sflow
