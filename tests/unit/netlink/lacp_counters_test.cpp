#include "netlink/lacp_counters.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <libmnl/libmnl.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace sfa::netlink_lacp_counters_test {

using namespace netlink;

namespace {

// As the kernel's bonding driver writes it: the counters are nested in the bond's and the member's attribute.
class Message {
public:
  explicit Message(std::uint16_t type, std::uint16_t of = IFLA_STATS_LINK_XSTATS_SLAVE,
                   std::uint16_t driver = LINK_XSTATS_TYPE_BOND) {
    header = mnl_nlmsg_put_header(buffer_.data());
    header->nlmsg_type = type;
    mnl_nlmsg_put_extra_header(header, sizeof(if_stats_msg));
    nlattr* member = mnl_attr_nest_start(header, of);
    nlattr* bond = mnl_attr_nest_start(header, driver);
    nlattr* lacp = mnl_attr_nest_start(header, BOND_XSTATS_3AD);
    for (std::uint16_t i = BOND_3AD_STAT_LACPDU_RX; i <= BOND_3AD_STAT_MARKER_UNKNOWN_RX; ++i) {
      mnl_attr_put(header, BOND_3AD_STAT_PAD, 0, nullptr); // as the kernel aligns 64-bit numbers
      mnl_attr_put_u64(header, i, std::uint64_t{1} << i);
    }
    mnl_attr_nest_end(header, lacp);
    mnl_attr_nest_end(header, bond);
    mnl_attr_nest_end(header, member);
  }
  nlmsghdr* header;

private:
  alignas(8) std::array<char, 512> buffer_{};
};

} // namespace

TEST_CASE("a member's LACP counters are those of the message, and the two kinds of unknown PDUs are added") {
  CHECK(parse_lacp_counters(Message(RTM_NEWSTATS).header) == LacpCounters{.lacpdus_rx = 1,
                                                                          .marker_pdus_rx = 16,
                                                                          .marker_response_pdus_rx = 64,
                                                                          .unknown_rx = 4 + 256,
                                                                          .illegal_rx = 8,
                                                                          .lacpdus_tx = 2,
                                                                          .marker_pdus_tx = 32,
                                                                          .marker_response_pdus_tx = 128});
}

TEST_CASE("a message of another kind, or cut short, has no LACP counters") {
  CHECK(!parse_lacp_counters(Message(RTM_NEWLINK).header));
  CHECK(!parse_lacp_counters(Message(RTM_NEWSTATS, IFLA_STATS_LINK_XSTATS).header)); // of the bond itself
  CHECK(!parse_lacp_counters(
      Message(RTM_NEWSTATS, IFLA_STATS_LINK_XSTATS_SLAVE, LINK_XSTATS_TYPE_BRIDGE).header));
  const Message whole(RTM_NEWSTATS);
  const auto full = whole.header->nlmsg_len;
  for (std::uint32_t length = sizeof(nlmsghdr); length <= full - NLMSG_ALIGNTO; ++length) {
    whole.header->nlmsg_len = length;
    CHECK(!parse_lacp_counters(whole.header));
  }
}

TEST_CASE("an interface that is not a member of a bond, or does not exist, has no LACP counters") {
  LacpStatistics statistics;
  CHECK(!statistics.read(1)); // loopback
  CHECK(!statistics.read(0x7ffffff0));
  CHECK(!statistics.read(1));
}

} // namespace sfa::netlink_lacp_counters_test
