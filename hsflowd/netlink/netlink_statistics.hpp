// Counters of interfaces from rtnetlink(7), RTM_GETSTATS: 64 bits wide, and only for the requested
// interfaces.
#pragma once

#include "host/host_interfaces.hpp"
#include "netlink/socket.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace sfa::netlink {

// Parses an RTM_NEWSTATS message into ifIndex and counters; nullopt if it has none, and for every other
// message.
[[nodiscard]] std::optional<std::pair<std::uint32_t, host::LinkCounters>>
parse_stats(const nlmsghdr* message);

class NetlinkStatistics final : public host::LinkStatistics {
public:
  // Throws std::runtime_error.
  NetlinkStatistics();

  // Reads proc/net/dev on a kernel before 4.7, which has no RTM_GETSTATS.
  [[nodiscard]] Result<host::LinkCountersByIndex>
  read(const host::SysRoot& root, std::span<const host::Interface* const> interfaces) override;

private:
  [[nodiscard]] Result<void> ask_for_all();
  [[nodiscard]] Result<void> ask_for(std::span<const host::Interface* const> interfaces);
  [[nodiscard]] Result<void> ask(Requests requests);

  Socket socket_;
  bool supported_ = true;
  host::LinkCountersByIndex counters_;
};

} // namespace sfa::netlink
