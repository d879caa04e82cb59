#include "netlink/netlink_statistics.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdexcept>
#include <sys/socket.h>
#include <vector>

namespace sfa::netlink {

namespace {

// One question for all interfaces costs about as much as single ones for so many: the kernel packs its
// answers.
constexpr std::size_t kAskForAllFrom = 100;
// All answers to a batch wait in the socket, whose buffer is bounded.
constexpr std::size_t kBatch = 32;
// Large enough for any message of a dump: the kernel makes them no larger (libmnl, MNL_SOCKET_DUMP_SIZE).
constexpr std::size_t kReceiveBytes = 32768;

void append_request(std::vector<char>& requests, std::uint32_t sequence, std::uint32_t index, int flags) {
  std::array<char, 64> buffer{};
  nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
  header->nlmsg_type = RTM_GETSTATS;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header->nlmsg_seq = sequence;
  auto* body = static_cast<if_stats_msg*>(mnl_nlmsg_put_extra_header(header, sizeof(if_stats_msg)));
  body->ifindex = index;
  body->filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  requests.insert(requests.end(), buffer.begin(), buffer.begin() + header->nlmsg_len);
}

host::LinkCounters counters_in(const rtnl_link_stats64& stats) {
  return {.bytes_in = stats.rx_bytes,
          .packets_in = stats.rx_packets,
          .errors_in = stats.rx_errors,
          .drops_in = stats.rx_dropped + stats.rx_missed_errors, // as in proc/net/dev
          .multicast_in = stats.multicast,
          .bytes_out = stats.tx_bytes,
          .packets_out = stats.tx_packets,
          .errors_out = stats.tx_errors,
          .drops_out = stats.tx_dropped};
}

int find_link_64(const nlattr* attribute, void* data) {
  if (mnl_attr_get_type(attribute) == IFLA_STATS_LINK_64) {
    *static_cast<const nlattr**>(data) = attribute;
  }
  return MNL_CB_OK;
}

} // namespace

std::optional<std::pair<std::uint32_t, host::LinkCounters>> parse_stats(const nlmsghdr* message) {
  if (message->nlmsg_type != RTM_NEWSTATS || mnl_nlmsg_get_payload_len(message) < sizeof(if_stats_msg)) {
    return std::nullopt;
  }
  const auto* body = static_cast<const if_stats_msg*>(mnl_nlmsg_get_payload(message));
  const nlattr* attribute = nullptr;
  mnl_attr_parse(message, sizeof(if_stats_msg), find_link_64, static_cast<void*>(&attribute));
  // The kernel has added members at the end, and will again.
  constexpr std::size_t kNeeded = offsetof(rtnl_link_stats64, rx_missed_errors) + sizeof(std::uint64_t);
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) < kNeeded) {
    return std::nullopt;
  }
  rtnl_link_stats64 stats{};
  std::memcpy(&stats, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(sizeof(stats), mnl_attr_get_payload_len(attribute)));
  return std::pair(body->ifindex, counters_in(stats));
}

NetlinkStatistics::NetlinkStatistics()
    : socket_(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK)) {
  if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    throw std::runtime_error(errno_failure("open rtnetlink socket").value().message);
  }
}

Result<host::LinkCountersByIndex>
NetlinkStatistics::read(const host::SysRoot& root, std::span<const host::Interface* const> interfaces) {
  counters_.clear();
  Result<void> asked;
  if (supported_ && interfaces.size() >= kAskForAllFrom) {
    asked = ask_for_all();
  } else {
    for (auto rest = interfaces; supported_ && asked && !rest.empty();) {
      const auto size = std::min(rest.size(), kBatch);
      asked = ask_for(rest.first(size));
      rest = rest.subspan(size);
    }
  }
  if (!supported_) {
    return host::LinkStatistics::read(root, interfaces);
  }
  if (!asked) {
    return error_of(asked);
  }
  host::LinkCountersByIndex result;
  for (const auto* interface : interfaces) {
    if (auto found = counters_.extract(interface->index)) {
      result.insert(std::move(found));
    }
  }
  return result;
}

Result<void> NetlinkStatistics::ask_for_all() {
  std::vector<char> request;
  append_request(request, ++sequence_, 0, NLM_F_DUMP);
  return send(request).and_then([&] { return receive(1); });
}

Result<void> NetlinkStatistics::ask_for(std::span<const host::Interface* const> interfaces) {
  std::vector<char> requests;
  ++sequence_;
  for (const auto* interface : interfaces) {
    append_request(requests, sequence_, interface->index, 0);
  }
  return send(requests).and_then([&] { return receive(interfaces.size()); });
}

Result<void> NetlinkStatistics::send(std::span<const char> requests) {
  if (mnl_socket_sendto(socket_.get(), requests.data(), requests.size()) < 0) {
    return errno_failure("rtnetlink request");
  }
  return {};
}

// Never waits: the kernel answers before a request is sent, and makes a dump while it is received.
Result<void> NetlinkStatistics::receive(std::size_t answers) {
  std::vector<char> buffer(kReceiveBytes);
  while (answers > 0 && supported_) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (got < 0) {
      return errno_failure("rtnetlink answer");
    }
    int rest = static_cast<int>(got);
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, rest);
         message = mnl_nlmsg_next(message, &rest)) {
      const auto taken = take(message);
      if (!taken) {
        return error_of(taken);
      }
      answers -= std::min(answers, *taken);
    }
  }
  return {};
}

// How many questions the message answers; of a dump only its end does.
Result<std::size_t> NetlinkStatistics::take(const nlmsghdr* message) {
  if (message->nlmsg_seq != sequence_) {
    return 0; // to a request that was given up
  }
  if (message->nlmsg_type == NLMSG_DONE) {
    return 1;
  }
  if (message->nlmsg_type == NLMSG_ERROR) {
    const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
    errno = mnl_nlmsg_get_payload_len(message) < sizeof(nlmsgerr) ? EBADMSG : -error->error;
    supported_ = errno != EOPNOTSUPP;
    if (errno == ENODEV || !supported_) {
      return 1;
    }
    return errno_failure("rtnetlink answer");
  }
  if (auto stats = parse_stats(message)) {
    counters_.insert(std::move(*stats));
  }
  return (message->nlmsg_flags & NLM_F_MULTI) != 0 ? 0 : 1;
}

} // namespace sfa::netlink
