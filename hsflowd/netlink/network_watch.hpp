// Follows the interfaces and addresses of this network namespace for everybody who needs them: one
// rtnetlink(7) socket, each message parsed once, and one read after a burst of changes.
//
//   NetworkWatch watch(loop);
//   const auto subscription = watch.subscribe({.addresses_settled = [&] { elect(watch.addresses()); }});
#pragma once

#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/result.hpp"
#include "netlink/host_addresses.hpp"
#include "netlink/network_event.hpp"
#include "netlink/socket.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sfa::netlink {

class NetworkWatch {
public:
  // Each may be empty. All are called from the loop.
  struct Subscriber {
    std::function<void(const NetworkEvent&)> event = {}; // at once, for each event
    // 20 ms after the first event of a burst: later events do not postpone it (docs/decisions/0011).
    Callback links_settled = {};
    // Also after changes of links that show in addresses(), and of routes while they are followed.
    Callback addresses_settled = {};
  };

  // Reports what changes from now on. Throws std::runtime_error.
  explicit NetworkWatch(EventLoop& loop);

  // The subscription ends when the result is destroyed.
  [[nodiscard]] std::shared_ptr<const void> subscribe(Subscriber subscriber);

  // Off at first: on a router the events of routes are a flood. They are gathered for a second.
  [[nodiscard]] Result<void> follow_routes(bool on);

  // Every address of every interface, in the kernel's order, as it was when the last burst of changes had
  // settled. While they change faster than they can be read, it is the previous list, and
  // `addresses_settled` follows. Valid until the next call.
  [[nodiscard]] Result<const Addresses*> addresses();

  // Since the start.
  struct Counts {
    std::uint64_t wake_ups = 0;      // for events
    std::uint64_t link_dumps = 0;    // readings of all links
    std::uint64_t address_dumps = 0; // readings of all addresses
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

private:
  void drain();
  void take(const NetworkEvent& event);
  [[nodiscard]] bool changes_addresses(const NetworkEvent& event);
  void settled();
  void notify(const std::function<void(const Subscriber&)>& each) const;

  EventLoop& loop_;
  Socket socket_;
  std::vector<std::weak_ptr<const Subscriber>> subscribers_;
  std::optional<Links> links_; // kept current by events; nullopt if they have to be read
  Addresses addresses_;
  bool addresses_outdated_ = true;
  bool links_changed_ = false, addresses_changed_ = false; // in the current burst
  Counts counts_;
  Debounce settled_;
  EventSource readable_;
  std::optional<Socket> routes_; // of its own, so that a flood loses no other events
  Debounce routes_settled_;
  EventSource routes_readable_;
};

} // namespace sfa::netlink
