#include "sflow/packet_header.hpp"

#include <catch2/catch.hpp>
#include <initializer_list>
#include <numeric>
#include <string>
#include <vector>

namespace sfa::sflow_packet_header_test {

using namespace sflow;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes be16(std::size_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

constexpr MacAddress kSrcMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kDstMac{2, 0, 0, 0, 0, 2};

Bytes ethernet(std::initializer_list<std::uint16_t> types_and_tags, const Bytes& payload) {
  Bytes frame{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  for (const auto word : types_and_tags) {
    frame = frame + be16(word);
  }
  return frame + payload;
}

// `offset_field`: flags and fragment offset.
Bytes ipv4(std::uint8_t protocol, const Bytes& payload, std::uint16_t offset_field = 0,
           const Bytes& options = {}) {
  const auto words = static_cast<std::uint8_t>(5 + options.size() / 4);
  return Bytes{static_cast<std::uint8_t>(0x40 | words), 0} + be16(words * 4U + payload.size()) + Bytes{0, 1} +
         be16(offset_field) + Bytes{63, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7} + options + payload;
}

Bytes ipv6(std::uint8_t next_header, const Bytes& payload) {
  Bytes addresses(32);
  addresses[0] = 0x20;
  addresses[1] = 0x01;
  addresses[15] = 1;
  addresses[16] = 0x20;
  addresses[17] = 0x01;
  addresses[31] = 2;
  return Bytes{0x60, 0, 0, 0} + be16(payload.size()) + Bytes{next_header, 64} + addresses + payload;
}

Bytes udp(const Bytes& payload) {
  return be16(40'000) + be16(6343) + be16(8 + payload.size()) + Bytes{0, 0} + payload;
}

// Port 443 to 50000, SYN and ACK.
const Bytes kTcp{1, 0xbb, 0xc3, 0x50, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0, 0, 0, 0, 0, 0};

PacketHeader ethernet_header(const Bytes& frame) {
  return parse_packet(LinkType::ethernet, frame).header;
}

Bytes to_bytes(std::span<const std::uint8_t> view) {
  return {view.begin(), view.end()};
}

} // namespace

TEST_CASE("a TCP segment over IPv4 over Ethernet has addresses, ports and flags") {
  PacketHeader expected;
  expected.src_mac = kSrcMac;
  expected.dst_mac = kDstMac;
  expected.ethertype = 0x0800;
  expected.src_ip = IpAddress(IpAddress::V4{192, 0, 2, 1});
  expected.dst_ip = IpAddress(IpAddress::V4{198, 51, 100, 7});
  expected.ip_protocol = 6;
  expected.ttl = 63;
  expected.src_port = 443;
  expected.dst_port = 50'000;
  expected.tcp_flags = 0x12;
  CHECK(ethernet_header(ethernet({0x0800}, ipv4(6, kTcp))) == expected);
}

TEST_CASE("VLAN tags are removed: the outer and the inner VLAN are reported, and the type after them") {
  const auto one = ethernet_header(ethernet({0x8100, 0xe064, 0x0800}, ipv4(6, kTcp)));
  CHECK(one.vlan == 100); // without the priority in the upper bits
  CHECK_FALSE(one.inner_vlan);
  CHECK(one.ethertype == 0x0800);
  CHECK(one.dst_port == 50'000);

  const auto three = ethernet_header(ethernet({0x88a8, 10, 0x8100, 20, 0x8100, 30, 0x86dd}, ipv6(6, kTcp)));
  CHECK(three.vlan == 10);
  CHECK(three.inner_vlan == 20);
  CHECK(three.ethertype == 0x86dd);
  CHECK(three.dst_port == 50'000);
}

TEST_CASE("an IEEE 802.3 frame has a length and no EtherType") {
  const auto header = ethernet_header(ethernet({38}, Bytes(38, 0x42)));
  CHECK(header.src_mac == kSrcMac);
  CHECK_FALSE(header.ethertype);
}

TEST_CASE("ARP has the protocol addresses of sender and target") {
  const Bytes request{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 9};
  const auto header = ethernet_header(ethernet({0x0806}, request));
  CHECK(header.src_ip == IpAddress(IpAddress::V4{192, 0, 2, 1}));
  CHECK(header.dst_ip == IpAddress(IpAddress::V4{192, 0, 2, 9}));
  CHECK_FALSE(header.ip_protocol);
}

TEST_CASE("ARP for anything but IPv4 over Ethernet has no addresses") {
  const auto header = ethernet_header(ethernet({0x0806}, Bytes{0, 6, 8, 0, 6, 4, 0, 1} + Bytes(20, 1)));
  CHECK(header.ethertype == 0x0806);
  CHECK_FALSE(header.src_ip);
}

TEST_CASE("IPv4 options are skipped") {
  const auto header = ethernet_header(ethernet({0x0800}, ipv4(6, kTcp, 0, Bytes{1, 1, 1, 0, 1, 1, 1, 0})));
  CHECK(header.src_port == 443);
  CHECK(header.tcp_flags == 0x12);
}

TEST_CASE("the first fragment has ports, the others have none, and all are marked as fragments") {
  const auto whole = ethernet_header(ethernet({0x0800}, ipv4(6, kTcp, 0x4000))); // do not fragment
  CHECK_FALSE(whole.fragment);
  const auto first = ethernet_header(ethernet({0x0800}, ipv4(6, kTcp, 0x2000)));
  CHECK(first.fragment);
  CHECK(first.src_port == 443);
  const auto last = ethernet_header(ethernet({0x0800}, ipv4(6, kTcp, 185)));
  CHECK(last.fragment);
  CHECK(last.ip_protocol == 6);
  CHECK_FALSE(last.src_port);
}

TEST_CASE("nothing is read after an impossible IPv4 header") {
  Bytes packet = ipv4(6, kTcp);
  SECTION("version 5") {
    packet[0] = 0x55;
    CHECK(parse_packet(LinkType::ip, packet).header == PacketHeader{});
  }
  SECTION("shorter than its fixed part") {
    packet[0] = 0x44;
    const auto header = parse_packet(LinkType::ip, packet).header;
    CHECK(header.src_ip.has_value());
    CHECK_FALSE(header.src_port);
  }
}

TEST_CASE("bytes after the end of an IP packet are not its content") {
  SECTION("IPv4") {
    Bytes packet = ipv4(6, {}) + kTcp;
    CHECK_FALSE(parse_packet(LinkType::ip, packet).header.src_port);
    packet[3] = 0; // a total length of 0 says nothing
    CHECK(parse_packet(LinkType::ip, packet).header.src_port == 443);
  }
  SECTION("IPv6") {
    Bytes packet = ipv6(6, Bytes{1, 0xbb}) + kTcp;
    CHECK(parse_packet(LinkType::ip, packet).header.src_port == 443);
    CHECK_FALSE(parse_packet(LinkType::ip, packet).header.dst_port);
  }
}

TEST_CASE("ICMP and ICMPv6 have a type and a code") {
  const auto v4 = parse_packet(LinkType::ip, ipv4(1, {3, 4, 0, 0})).header;
  CHECK(v4.icmp_type == 3);
  CHECK(v4.icmp_code == 4);
  const auto v6 = parse_packet(LinkType::ip, ipv6(58, {135, 0, 0, 0})).header;
  CHECK(v6.icmp_type == 135);
  CHECK(v6.icmp_code == 0);
}

TEST_CASE("IPv6 extension headers are skipped") {
  const Bytes hop_by_hop{60, 1, 5, 2, 0, 0, 1, 10,
                         0,  0, 0, 0, 0, 0, 0, 0};             // 16 bytes, next: destination options
  const Bytes destination{51, 0, 1, 4, 0, 0, 0, 0};            // 8 bytes, next: authentication
  const Bytes authentication = Bytes{43, 4, 0, 0} + Bytes(20); // 24 bytes, next: routing
  const Bytes routing{44, 0, 0, 0, 0, 0, 0, 0};                // 8 bytes, next: fragment
  const Bytes fragment{6, 0, 0, 1, 0, 0, 0, 9};                // the first of several
  const auto header = parse_packet(LinkType::ip, ipv6(0, hop_by_hop + destination + authentication + routing +
                                                             fragment + kTcp))
                          .header;
  CHECK(header.ip_protocol == 6);
  CHECK(header.src_port == 443);
  CHECK(header.tcp_flags == 0x12);
  CHECK(header.fragment);
  CHECK(header.ttl == 64);
}

TEST_CASE("a later IPv6 fragment has a protocol and no ports") {
  const auto header = parse_packet(LinkType::ip, ipv6(44, Bytes{17, 0, 5, 0xa8, 0, 0, 0, 9} + kTcp)).header;
  CHECK(header.fragment);
  CHECK(header.ip_protocol == 17);
  CHECK_FALSE(header.src_port);
}

TEST_CASE("an IPv6 datagram in one fragment is complete") {
  const auto header = parse_packet(LinkType::ip, ipv6(44, Bytes{6, 0, 0, 0, 0, 0, 0, 9} + kTcp)).header;
  CHECK_FALSE(header.fragment);
  CHECK(header.src_port == 443);
}

TEST_CASE("the payload of UDP is found under every link type") {
  const Bytes payload{1, 2, 3, 4, 5};
  const Bytes v4 = ipv4(17, udp(payload));
  const Bytes v6 = ipv6(17, udp(payload));
  const Bytes padding(20, 0xee);
  const auto of = [](LinkType type, const Bytes& bytes) {
    const Packet packet = parse_packet(type, bytes);
    CHECK(packet.header.dst_port == 6343);
    return to_bytes(packet.udp_payload);
  };
  CHECK(of(LinkType::ethernet, ethernet({0x0800}, v4) + padding) == payload);
  CHECK(of(LinkType::ethernet, ethernet({0x8100, 7, 0x86dd}, v6) + padding) == payload);
  CHECK(of(LinkType::ip, v4) == payload);
  CHECK(of(LinkType::ip, v6) == payload);
  CHECK(of(LinkType::loopback, Bytes{30, 0, 0, 0} + v6) == payload);
  CHECK(of(LinkType::loopback, Bytes{0, 0, 0, 2} + v4) == payload);
  CHECK(of(LinkType::linux_cooked, Bytes(14) + Bytes{0x08, 0x00} + v4) == payload);
  CHECK(of(LinkType::linux_cooked_v2, Bytes{0x86, 0xdd} + Bytes(18) + v6) == payload);
}

TEST_CASE("a UDP length shorter than its own header has no payload") {
  Bytes packet = ipv4(17, udp({1, 2, 3, 4}));
  packet[20 + 5] = 7;
  CHECK(parse_packet(LinkType::ip, packet).udp_payload.empty());
}

TEST_CASE("a packet cut short anywhere has the fields before the cut and no others") {
  const Bytes extensions{60, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0};
  const auto frame = GENERATE_COPY(ethernet({0x8100, 5, 0x0800}, ipv4(6, kTcp)),
                                   ethernet({0x86dd}, ipv6(0, extensions + kTcp)));
  const PacketHeader whole = ethernet_header(frame);
  REQUIRE(whole.tcp_flags.has_value());
  const auto keeps = [](const auto& part, const auto& all) { return !part || part == all; };
  for (std::size_t size = 0; size <= frame.size(); ++size) {
    INFO("cut at " << size << " of " << frame.size());
    // Copied, so that a sanitizer sees a read beyond the cut.
    const PacketHeader part =
        ethernet_header(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)));
    CHECK(part.dst_mac.has_value() == (size >= 6));
    CHECK(part.src_mac.has_value() == (size >= 12));
    CHECK(part.tcp_flags.has_value() == (size >= frame.size() - 6));
    CHECK(keeps(part.vlan, whole.vlan));
    CHECK(keeps(part.ethertype, whole.ethertype));
    CHECK(keeps(part.src_ip, whole.src_ip));
    CHECK(keeps(part.dst_ip, whole.dst_ip));
    CHECK(keeps(part.ip_protocol, whole.ip_protocol));
    CHECK(keeps(part.ttl, whole.ttl));
    CHECK(keeps(part.src_port, whole.src_port));
    CHECK(keeps(part.dst_port, whole.dst_port));
  }
}

} // namespace sfa::sflow_packet_header_test
