#include "netlink/network_watch.hpp"

#include "netlink/own_network.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <poll.h>

namespace sfa::netlink_network_watch_test {

using namespace netlink;
using namespace test;
using namespace std::chrono_literals;

namespace {

// What a subscriber was called for, since the last settle().
struct Seen {
  std::vector<NetworkEvent> events;
  int links_settled = 0;
  int addresses_settled = 0;
};

class Bed {
public:
  Bed() {
    // As the daemon: one needs links, two ask for the addresses.
    subscriptions_.push_back(
        watch.subscribe({.event = [this](const auto& event) { seen.events.push_back(event); },
                         .links_settled = [this] { ++seen.links_settled; }}));
    for (int i = 0; i < 2; ++i) {
      subscriptions_.push_back(watch.subscribe({.addresses_settled = [this] {
        ++seen.addresses_settled;
        REQUIRE(watch.addresses());
      }}));
    }
    REQUIRE(watch.addresses());
    CHECK(watch.counts().link_dumps == 1);
    CHECK(watch.counts().address_dumps == 1);
  }

  // Runs the loop until a burst has settled; returns what it cost.
  NetworkWatch::Counts settle() {
    const auto before = watch.counts();
    seen = {};
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    loop.run_pending();
    while (seen.links_settled + seen.addresses_settled == 0) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      pollfd waited{.fd = loop.fd(), .events = POLLIN, .revents = 0};
      poll(&waited, 1, 1000);
      loop.run_pending();
    }
    const auto& after = watch.counts();
    return {.wake_ups = after.wake_ups - before.wake_ups,
            .link_dumps = after.link_dumps - before.link_dumps,
            .address_dumps = after.address_dumps - before.address_dumps};
  }

  EventLoop loop;
  NetworkWatch watch{loop};
  Seen seen;

private:
  std::vector<std::shared_ptr<const void>> subscriptions_;
};

} // namespace

TEST_CASE("a change of a link wakes the watch once and causes no read when no address shows it") {
  const OwnNetwork network;
  if (!network) {
    return;
  }
  Bed bed;
  network.set_mtu(9000);
  const auto cost = bed.settle();
  CHECK(cost.wake_ups == 1);
  CHECK(cost.link_dumps == 0);
  CHECK(cost.address_dumps == 0);
  REQUIRE(bed.seen.events.size() == 1);
  CHECK(std::get<LinkChanged>(bed.seen.events[0]).link.name == "lo");
  CHECK(bed.seen.links_settled == 1);
  CHECK(bed.seen.addresses_settled == 0);
}

TEST_CASE("a link that goes up or down wakes the watch once, and one read serves all subscribers") {
  const OwnNetwork network;
  if (!network) {
    return;
  }
  Bed bed;
  CHECK((*bed.watch.addresses())->empty());
  for (const bool up : {true, false}) {
    network.set_up(up);
    const auto cost = bed.settle();
    CHECK(cost.wake_ups == 1);
    CHECK(cost.link_dumps == 0);
    CHECK(cost.address_dumps == 1);
    CHECK(bed.seen.links_settled == 1);
    CHECK(bed.seen.addresses_settled == 2); // one each
    const auto* addresses = *bed.watch.addresses();
    const auto local = std::ranges::find(*addresses, IpAddress::parse("127.0.0.1").value(),
                                         &host::InterfaceAddress::address);
    REQUIRE(local != addresses->end());
    CHECK(local->device == "lo");
    CHECK(local->up == up);
  }
}

TEST_CASE("a burst of changes causes one read, of what is true at its end") {
  const OwnNetwork network;
  if (!network) {
    return;
  }
  Bed bed;
  for (int i = 0; i < 10; ++i) {
    network.set_up(true);
    network.set_up(false);
  }
  network.set_up(true);
  CHECK((*bed.watch.addresses())->empty()); // what the last read found, until the burst has settled
  const auto cost = bed.settle();
  CHECK(cost.wake_ups == 1);
  CHECK(cost.address_dumps == 1);
  CHECK(bed.seen.links_settled == 1);
  CHECK((*bed.watch.addresses())->front().up);
}

TEST_CASE("after events were lost, everything is read again") {
  const OwnNetwork network;
  if (!network) {
    return;
  }
  Bed bed;
  for (int i = 0; i < 3000; ++i) {
    network.set_mtu(1500 + i % 2);
  }
  const auto cost = bed.settle();
  CHECK(std::ranges::find(bed.seen.events, NetworkEvent(EventsLost{})) != bed.seen.events.end());
  CHECK(cost.link_dumps == 1);
  CHECK(cost.address_dumps == 1);
}

TEST_CASE("a subscription ends with its owner") {
  const OwnNetwork network;
  if (!network) {
    return;
  }
  Bed bed;
  int calls = 0;
  auto subscription = bed.watch.subscribe({.event = [&](const auto&) { ++calls; }});
  network.set_mtu(9000);
  bed.settle();
  CHECK(calls == 1);
  subscription.reset();
  network.set_mtu(9001);
  bed.settle();
  CHECK(calls == 1);
}

} // namespace sfa::netlink_network_watch_test
