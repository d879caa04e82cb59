#include "netlink/lacp_counters.hpp"

#include <algorithm>
#include <array>
#include <libmnl/libmnl.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

using Counter = std::optional<std::uint64_t> LacpCounters::*;
using Numbered = std::pair<std::uint16_t, Counter>;

// Where two numbers of the kernel are one counter of the MIB they are added.
constexpr std::array kCounters{
    Numbered{BOND_3AD_STAT_LACPDU_RX, &LacpCounters::lacpdus_rx},
    Numbered{BOND_3AD_STAT_LACPDU_TX, &LacpCounters::lacpdus_tx},
    Numbered{BOND_3AD_STAT_LACPDU_UNKNOWN_RX, &LacpCounters::unknown_rx},
    Numbered{BOND_3AD_STAT_MARKER_UNKNOWN_RX, &LacpCounters::unknown_rx},
    Numbered{BOND_3AD_STAT_LACPDU_ILLEGAL_RX, &LacpCounters::illegal_rx},
    Numbered{BOND_3AD_STAT_MARKER_RX, &LacpCounters::marker_pdus_rx},
    Numbered{BOND_3AD_STAT_MARKER_TX, &LacpCounters::marker_pdus_tx},
    Numbered{BOND_3AD_STAT_MARKER_RESP_RX, &LacpCounters::marker_response_pdus_rx},
    Numbered{BOND_3AD_STAT_MARKER_RESP_TX, &LacpCounters::marker_response_pdus_tx}};

struct Wanted {
  std::uint16_t type = 0;
  const nlattr* found = nullptr;
};

int find_wanted(const nlattr* attribute, void* data) {
  auto& wanted = *static_cast<Wanted*>(data);
  if (mnl_attr_get_type(attribute) == wanted.type) {
    wanted.found = attribute;
  }
  return MNL_CB_OK;
}

const nlattr* nested(const nlattr* parent, std::uint16_t type) {
  Wanted wanted{.type = type};
  if (parent != nullptr) {
    mnl_attr_parse_nested(parent, find_wanted, &wanted);
  }
  return wanted.found;
}

int take_counter(const nlattr* attribute, void* data) {
  const auto known = std::ranges::find(kCounters, mnl_attr_get_type(attribute), &Numbered::first);
  if (known != kCounters.end() && mnl_attr_validate(attribute, MNL_TYPE_U64) >= 0) {
    auto& counter = static_cast<LacpCounters*>(data)->*known->second;
    counter = counter.value_or(0) + mnl_attr_get_u64(attribute);
  }
  return MNL_CB_OK;
}

} // namespace

std::optional<LacpCounters> parse_lacp_counters(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWSTATS || mnl_nlmsg_get_payload_len(message) < sizeof(if_stats_msg)) {
    return std::nullopt;
  }
  Wanted member{.type = IFLA_STATS_LINK_XSTATS_SLAVE};
  mnl_attr_parse(message, sizeof(if_stats_msg), find_wanted, &member);
  const auto* lacp = nested(nested(member.found, LINK_XSTATS_TYPE_BOND), BOND_XSTATS_3AD);
  if (lacp == nullptr) {
    return std::nullopt;
  }
  LacpCounters counters;
  mnl_attr_parse_nested(lacp, take_counter, &counters);
  return counters;
}

bool LacpStatistics::ask(std::uint32_t index) {
  if (!socket_) {
    socket_.reset(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
      socket_.reset();
      return false;
    }
  }
  std::array<char, 64> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = RTM_GETSTATS;
  header->nlmsg_flags = NLM_F_REQUEST;
  header->nlmsg_seq = ++sequence_;
  auto* body = static_cast<if_stats_msg*>(mnl_nlmsg_put_extra_header(header, sizeof(if_stats_msg)));
  body->ifindex = index;
  body->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_XSTATS_SLAVE);
  return mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) >= 0;
}

// The kernel answers before the request is sent, with one message: the counters or an error.
std::optional<LacpCounters> LacpStatistics::read(std::uint32_t index) {
  if (!ask(index)) {
    return std::nullopt;
  }
  alignas(nlmsghdr) std::array<char, 4096> buffer; // NOLINT: filled by the kernel
  while (true) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
    if (got < 0 || !mnl_nlmsg_ok(message, static_cast<int>(got))) {
      return std::nullopt;
    }
    if (message->nlmsg_seq == sequence_) {
      return parse_lacp_counters(message);
    }
  }
}

} // namespace sfa::netlink
