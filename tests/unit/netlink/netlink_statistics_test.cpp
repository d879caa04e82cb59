#include "netlink/netlink_statistics.hpp"

#include "host/fixture_host.hpp"

#include <array>
#include <cstddef>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

namespace sfa::netlink_statistics_test {

using namespace host;
using namespace netlink;
using namespace test;

namespace {

class Message {
public:
  Message(std::uint16_t type, std::uint16_t attribute, std::size_t bytes) {
    header = mnl_nlmsg_put_header(buffer_.data());
    header->nlmsg_type = type;
    static_cast<if_stats_msg*>(mnl_nlmsg_put_extra_header(header, sizeof(if_stats_msg)))->ifindex = 5;
    rtnl_link_stats64 stats{};
    stats.rx_packets = 1;
    stats.tx_packets = 2;
    stats.rx_bytes = 1ULL << 40;
    stats.tx_bytes = 4;
    stats.rx_errors = 5;
    stats.tx_errors = 6;
    stats.rx_dropped = 7;
    stats.tx_dropped = 8;
    stats.multicast = 9;
    stats.rx_missed_errors = 10;
    mnl_attr_put(header, attribute, bytes, &stats);
  }
  nlmsghdr* header;

private:
  alignas(8) std::array<char, 512> buffer_{};
};

} // namespace

TEST_CASE("the 64-bit counters of an interface are those of the message, even of an older kernel") {
  const LinkCounters expected{.bytes_in = 1ULL << 40,
                              .packets_in = 1,
                              .errors_in = 5,
                              .drops_in = 17, // dropped and missed
                              .multicast_in = 9,
                              .bytes_out = 4,
                              .packets_out = 2,
                              .errors_out = 6,
                              .drops_out = 8};
  constexpr std::size_t kOfLinux4 = 23 * 8;
  for (const std::size_t bytes : {sizeof(rtnl_link_stats64), kOfLinux4}) {
    const auto stats = parse_stats(Message(RTM_NEWSTATS, IFLA_STATS_LINK_64, bytes).header);
    REQUIRE(stats);
    CHECK(stats->first == 5);
    CHECK(stats->second == expected);
  }
}

TEST_CASE("a message without counters, or cut short, gives none") {
  CHECK(!parse_stats(Message(RTM_NEWLINK, IFLA_STATS_LINK_64, 192).header));
  CHECK(!parse_stats(Message(RTM_NEWSTATS, IFLA_STATS_LINK_XSTATS, 192).header));
  CHECK(!parse_stats(Message(RTM_NEWSTATS, IFLA_STATS_LINK_64, 80).header));
  const Message whole(RTM_NEWSTATS, IFLA_STATS_LINK_64, 192);
  const auto full = whole.header->nlmsg_len;
  for (std::uint32_t length = sizeof(nlmsghdr); length <= full - NLMSG_ALIGNTO; ++length) {
    whole.header->nlmsg_len = length;
    CHECK(!parse_stats(whole.header));
  }
}

TEST_CASE(
    "rtnetlink and proc/net/dev have the same counters of loopback, and none of an interface that does not "
    "exist",
    "[not-under-qemu-user]") {
  NetlinkStatistics netlink;
  LinkStatistics proc;
  Interface loopback;
  loopback.name = "lo";
  loopback.index = 1;
  Interface gone;
  gone.name = "not-there";
  gone.index = 0x7ffffff0;
  const std::array<const Interface*, 2> interfaces{&loopback, &gone};
  const SysRoot root;
  // Other processes may use loopback meanwhile, so one number lies between two of the other.
  const auto before = value_of(proc.read(root, interfaces));
  const auto read = value_of(netlink.read(root, interfaces));
  const auto after = value_of(proc.read(root, interfaces));
  REQUIRE(before.size() == 1);
  REQUIRE(read.size() == 1);
  CHECK(read.at(1).bytes_in >= before.at(1).bytes_in);
  CHECK(read.at(1).bytes_in <= after.at(1).bytes_in);
  CHECK(read.at(1).packets_out >= before.at(1).packets_out);
  CHECK(read.at(1).packets_out <= after.at(1).packets_out);
}

TEST_CASE("many interfaces are requested with one dump, with the same result", "[not-under-qemu-user]") {
  NetlinkStatistics netlink;
  std::vector<Interface> gone(200);
  for (std::size_t i = 0; i < gone.size(); ++i) {
    gone[i].index = static_cast<std::uint32_t>(0x7fff0000 + i);
  }
  gone[100].index = 1; // loopback
  std::vector<const Interface*> asked;
  for (const auto& interface : gone) {
    asked.push_back(&interface);
  }
  const SysRoot root;
  CHECK(value_of(netlink.read(root, asked)).size() == 1);
  CHECK(value_of(netlink.read(root, std::span(asked).subspan(80, 60))).size() == 1); // in two batches
  CHECK(value_of(netlink.read(root, {})).empty());
}

} // namespace sfa::netlink_statistics_test
