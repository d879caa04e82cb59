// Counters of interfaces from rtnetlink(7), RTM_GETSTATS: 64 bits wide, and of those that are asked for only.
#pragma once

#include "common/handle.hpp"
#include "host/host_interfaces.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

struct mnl_socket;
extern "C" int mnl_socket_close(mnl_socket* socket);
struct nlmsghdr;

namespace sfa::netlink {

// ifIndex and counters in an RTM_NEWSTATS message; nothing when there are none, or when it is not one.
[[nodiscard]] std::optional<std::pair<std::uint32_t, host::LinkCounters>>
parse_stats(const nlmsghdr* message);

class NetlinkStatistics final : public host::LinkStatistics {
public:
  // Throws std::runtime_error.
  NetlinkStatistics();

  // From proc/net/dev with a kernel before 4.7, which has no RTM_GETSTATS.
  [[nodiscard]] Result<host::LinkCountersByIndex>
  read(const host::SysRoot& root, std::span<const host::Interface* const> interfaces) override;

private:
  [[nodiscard]] Result<void> ask_for_all();
  [[nodiscard]] Result<void> ask_for(std::span<const host::Interface* const> interfaces);
  [[nodiscard]] Result<void> send(std::span<const char> requests);
  [[nodiscard]] Result<void> receive(std::size_t answers);
  [[nodiscard]] Result<std::size_t> take(const nlmsghdr* message);

  Handle<mnl_socket, mnl_socket_close> socket_;
  std::uint32_t sequence_ = 0;
  bool supported_ = true;
  host::LinkCountersByIndex counters_;
};

} // namespace sfa::netlink
