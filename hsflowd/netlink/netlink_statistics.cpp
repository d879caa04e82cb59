#include "netlink/netlink_statistics.hpp"

#include "netlink/attributes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdexcept>

namespace sfa::netlink {

namespace {

// From here on one request for all interfaces costs about as much as one for each: the kernel packs the
// messages of a dump.
constexpr std::size_t kAskForAllFrom = 100;
// All answers to a batch wait in the socket, whose buffer is bounded.
constexpr std::size_t kBatch = 32;

if_stats_msg stats_request(std::uint32_t index) {
  return {.family = 0,
          .pad1 = 0,
          .pad2 = 0,
          .ifindex = index,
          .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)};
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

} // namespace

std::optional<std::pair<std::uint32_t, host::LinkCounters>> parse_stats(const nlmsghdr* message) {
  const auto header = header_of<if_stats_msg>(message);
  if (message->nlmsg_type != RTM_NEWSTATS || !header) {
    return std::nullopt;
  }
  const nlattr* attribute = find_attribute(message, sizeof(if_stats_msg), IFLA_STATS_LINK_64);
  // Newer kernels have more members at the end, older ones fewer.
  constexpr std::size_t kNeeded = offsetof(rtnl_link_stats64, rx_missed_errors) + sizeof(std::uint64_t);
  if (attribute == nullptr || mnl_attr_get_payload_len(attribute) < kNeeded) {
    return std::nullopt;
  }
  rtnl_link_stats64 stats{};
  std::memcpy(&stats, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(sizeof(stats), mnl_attr_get_payload_len(attribute)));
  return std::pair(header->ifindex, counters_in(stats));
}

NetlinkStatistics::NetlinkStatistics() : socket_(Socket::open_or_throw(NETLINK_ROUTE)) {}

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
  Requests request;
  request.add(RTM_GETSTATS, NLM_F_DUMP, stats_request(0));
  return ask(std::move(request));
}

Result<void> NetlinkStatistics::ask_for(std::span<const host::Interface* const> interfaces) {
  Requests requests;
  for (const auto* interface : interfaces) {
    requests.add(RTM_GETSTATS, 0, stats_request(interface->index));
  }
  return ask(std::move(requests));
}

// An interface that left is no failure.
Result<void> NetlinkStatistics::ask(Requests requests) {
  const auto answer = socket_.ask(std::move(requests), [this](const nlmsghdr* message) {
    if (auto stats = parse_stats(message)) {
      counters_.insert(std::move(*stats));
    }
  });
  if (!answer) {
    return error_of(answer);
  }
  for (const auto& error : answer->refused) {
    if (error.number == EOPNOTSUPP) {
      supported_ = false;
    } else if (error.number != ENODEV) {
      return tl::unexpected(error);
    }
  }
  return {};
}

} // namespace sfa::netlink
