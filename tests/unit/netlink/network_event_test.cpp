#include "netlink/network_event.hpp"

#include "netlink/host_addresses.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

namespace sfa::netlink_network_event_test {

using namespace netlink;

namespace {

struct Message {
  explicit Message(std::uint16_t type) : header(mnl_nlmsg_put_header(buffer.data())) {
    header->nlmsg_type = type;
  }
  alignas(8) std::array<char, 512> buffer{};
  nlmsghdr* header;
};

// As the kernel's rtnl_fill_ifinfo() writes it.
struct LinkMessage : Message {
  explicit LinkMessage(std::uint16_t type, unsigned char family = AF_UNSPEC, const char* name = "eth0.7")
      : Message(type) {
    auto* body = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg)));
    body->ifi_family = family;
    body->ifi_index = 7;
    body->ifi_flags = IFF_UP | IFF_BROADCAST;
    if (name != nullptr) {
      mnl_attr_put_strz(header, IFLA_IFNAME, name);
    }
    mnl_attr_put_strz(header, IFLA_IFALIAS, "uplink");
    nlattr* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "vlan");
    mnl_attr_nest_end(header, info);
    nlattr* names = mnl_attr_nest_start(header, IFLA_PROP_LIST);
    mnl_attr_put_strz(header, IFLA_ALT_IFNAME, "first");
    mnl_attr_put_strz(header, IFLA_ALT_IFNAME, "second");
    mnl_attr_nest_end(header, names);
    mnl_attr_put_u32(header, IFLA_MASTER, 5);
    mnl_attr_put_u32(header, IFLA_LINK, 2);
  }
};

// As the kernel's inet_fill_ifaddr() writes it.
struct AddressMessage : Message {
  explicit AddressMessage(std::uint16_t type, std::uint32_t flags = IFA_F_PERMANENT, std::uint32_t index = 7,
                          unsigned char family = AF_INET)
      : Message(type) {
    auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifaddrmsg)));
    body->ifa_family = family;
    body->ifa_index = index;
    if (family == AF_INET6) {
      const std::array<std::uint8_t, 16> own{0xfd};
      mnl_attr_put(header, IFA_ADDRESS, own.size(), own.data());
      mnl_attr_put_u32(header, IFA_FLAGS, flags);
      return;
    }
    const std::array<std::uint8_t, 4> peer{192, 0, 2, 1};
    const std::array<std::uint8_t, 4> own{192, 0, 2, 2};
    mnl_attr_put(header, IFA_ADDRESS, peer.size(), peer.data());
    mnl_attr_put(header, IFA_LOCAL, own.size(), own.data());
    mnl_attr_put_strz(header, IFA_LABEL, "eth0.7:1");
    mnl_attr_put_u32(header, IFA_FLAGS, flags);
  }
};

const Link kLink{.name = "eth0.7",
                 .alias = "uplink",
                 .alternatives = {"first", "second"},
                 .kind = "vlan",
                 .master = 5,
                 .lower = 2,
                 .up = true};

// Calls `parse` with the message cut short at each length.
template <class Parse>
void cut_short(const Message& message, Parse parse) {
  for (std::uint32_t length = message.header->nlmsg_len; length >= sizeof(nlmsghdr); --length) {
    message.header->nlmsg_len = length;
    parse(message.header);
  }
}

} // namespace

TEST_CASE("a message about a link or an address becomes an event") {
  CHECK(parse_event(LinkMessage(RTM_NEWLINK).header) == NetworkEvent(LinkChanged{.index = 7, .link = kLink}));
  CHECK(parse_event(LinkMessage(RTM_DELLINK).header) == NetworkEvent(LinkRemoved{7}));
  CHECK(parse_event(AddressMessage(RTM_NEWADDR).header) == NetworkEvent(AddressChanged{7}));
  CHECK(parse_event(AddressMessage(RTM_DELADDR).header) == NetworkEvent(AddressChanged{7}));
}

TEST_CASE("a port that joins or leaves a bridge is not a new or removed interface") {
  CHECK(!parse_event(LinkMessage(RTM_NEWLINK, AF_BRIDGE).header));
  CHECK(!parse_event(LinkMessage(RTM_DELLINK, AF_BRIDGE).header));
}

TEST_CASE("a message of another kind, or about a link without its name, is not an event") {
  CHECK(!parse_event(LinkMessage(RTM_NEWNEIGH).header));
  CHECK(!parse_event(LinkMessage(NLMSG_NOOP).header));
  CHECK(!parse_event(LinkMessage(RTM_NEWLINK, AF_UNSPEC, nullptr).header));
}

// As the kernel's rtnetlink_ifinfo_prep() writes it (net/wireless/wext-core.c): with the name, without alias
// and kind.
TEST_CASE("an event of a wireless driver is not an event, and so does not change the interface's alias") {
  Message message(RTM_NEWLINK);
  auto* body = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message.header, sizeof(ifinfomsg)));
  body->ifi_index = 7;
  mnl_attr_put_strz(message.header, IFLA_IFNAME, "wlan0");
  CHECK(parse_event(message.header));
  mnl_attr_put_u32(message.header, IFLA_WIRELESS, 0x8b19); // SIOCGIWSCAN
  CHECK(!parse_event(message.header));
}

TEST_CASE("a message cut short at any byte is an event or nothing, and never has a part of a name") {
  cut_short(LinkMessage(RTM_NEWLINK), [](const nlmsghdr* message) {
    const auto link = parse_link(message);
    CHECK((!link || link->second.name == "eth0.7"));
  });
  for (const std::uint16_t type : {RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR}) {
    cut_short(AddressMessage(type), [](const nlmsghdr* message) {
      const bool whole_header = message->nlmsg_len >= NLMSG_LENGTH(sizeof(ifaddrmsg));
      CHECK((whole_header || !parse_event(message)));
    });
  }
}

TEST_CASE("an address has its own side of a point-to-point link, its link's properties and its label") {
  const auto address = parse_address(AddressMessage(RTM_NEWADDR).header, {{7, kLink}});
  REQUIRE(address);
  CHECK(*address == host::InterfaceAddress{.address = IpAddress::parse("192.0.2.2").value(),
                                           .device = "eth0.7",
                                           .if_index = 7,
                                           .up = true,
                                           .aliases = {"uplink", "first", "second", "eth0.7:1"}});
}

TEST_CASE("an address of an unknown link is left out") {
  CHECK(!parse_address(AddressMessage(RTM_NEWADDR, IFA_F_PERMANENT, 8).header, {{7, kLink}}));
  CHECK(!parse_address(AddressMessage(RTM_DELADDR).header, {{7, kLink}}));
}

TEST_CASE("the flags of an address say how long it lasts") {
  const auto lifetime = [](std::uint32_t flags, unsigned char family) {
    AddressMessage message(RTM_NEWADDR, flags, 7, family);
    return parse_address(message.header, {{7, kLink}}).value().lifetime;
  };
  using enum host::AddressLifetime;
  CHECK(lifetime(IFA_F_PERMANENT, AF_INET6) == permanent);
  CHECK(lifetime(0, AF_INET6) == dynamic);
  CHECK(lifetime(IFA_F_TEMPORARY, AF_INET6) == temporary);
  CHECK(lifetime(IFA_F_TEMPORARY | IFA_F_DEPRECATED, AF_INET6) == deprecated);
  CHECK(lifetime(IFA_F_PERMANENT | IFA_F_DEPRECATED, AF_INET6) == deprecated);
  CHECK(lifetime(IFA_F_PERMANENT | IFA_F_TENTATIVE, AF_INET6) == tentative);
  CHECK(lifetime(IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED, AF_INET6) == tentative);
  CHECK(lifetime(IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, AF_INET6) == dynamic);
  CHECK(lifetime(0, AF_INET) == permanent);
  CHECK(lifetime(IFA_F_SECONDARY, AF_INET) == permanent);
  CHECK(lifetime(IFA_F_DEPRECATED, AF_INET) == deprecated);
}

TEST_CASE("a link is as good as what it is on top of, and a bridge as its ports") {
  const auto kinds = kinds_of({{1, {.name = "lo", .loopback = true}},
                               {2, {.name = "eth0", .bus = "pci", .master = 5}},
                               {3, {.name = "vif1.0", .bus = "xen-backend", .master = 6}},
                               {4, {.name = "vnet0", .kind = "tun", .master = 6}},
                               {5, {.name = "br0", .kind = "bridge"}},
                               {6, {.name = "virbr0", .kind = "bridge"}},
                               {7, {.name = "docker0", .kind = "bridge"}},
                               {8, {.name = "virbr0.5", .kind = "vlan", .lower = 6}},
                               {9, {.name = "br0.5", .kind = "vlan", .lower = 5}},
                               {10, {.name = "br0.5.6", .kind = "macvlan", .lower = 9}},
                               {11, {.name = "veth0", .kind = "veth", .lower = 12}},
                               {12, {.name = "br-ex", .kind = "openvswitch"}},
                               {13, {.name = "wg0", .kind = "wireguard"}},
                               {14, {.name = "bond0", .kind = "bond"}},
                               {15, {.name = "loop", .kind = "vlan", .lower = 16}},
                               {16, {.name = "loop2", .kind = "vlan", .lower = 15}}});
  using enum host::InterfaceKind;
  const std::map<std::uint32_t, host::InterfaceKind> expected{
      {1, pseudo},       {2, network},      {3, pseudo},   {4, tunnel},   {5, network}, {6, guest_bridge},
      {7, guest_bridge}, {8, guest_bridge}, {9, network},  {10, network}, {11, pseudo}, {12, network},
      {13, tunnel},      {14, network},     {15, network}, {16, network}};
  CHECK(kinds == expected);
}

TEST_CASE("an address cut short at any byte is whole or left out") {
  cut_short(AddressMessage(RTM_NEWADDR), [](const nlmsghdr* message) {
    const auto address = parse_address(message, {{7, kLink}});
    CHECK((!address || address->address.to_string().starts_with("192.0.2.")));
  });
}

} // namespace sfa::netlink_network_event_test
