#include "netlink/network_watch.hpp"

#include <linux/rtnetlink.h>
#include <stdexcept>
#include <utility>

namespace sfa::netlink {

namespace {

// An address that is replaced, or an interface that is restarted, is gone for a moment, and an interface that
// comes up changes several times.
constexpr std::chrono::milliseconds kSettleTime{20};
constexpr std::chrono::milliseconds kRoutesSettleTime{1000};

} // namespace

NetworkWatch::NetworkWatch(EventLoop& loop)
    : loop_(loop),
      socket_(Socket::open_or_throw(NETLINK_ROUTE, {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR})),
      settled_(loop, kSettleTime, [this] { settled(); }),
      readable_(loop.on_readable(socket_.fd(), [this] { drain(); })),
      routes_settled_(loop, kRoutesSettleTime, [this] {
        notify([](const Subscriber& subscriber) {
          if (subscriber.addresses_settled) {
            subscriber.addresses_settled();
          }
        });
      }) {}

std::shared_ptr<const void> NetworkWatch::subscribe(Subscriber subscriber) {
  auto subscription = std::make_shared<const Subscriber>(std::move(subscriber));
  subscribers_.emplace_back(subscription);
  return subscription;
}

// A subscriber may subscribe another one, or end a subscription.
void NetworkWatch::notify(const std::function<void(const Subscriber&)>& each) const {
  for (std::size_t i = 0; i < subscribers_.size(); ++i) {
    if (const auto subscriber = subscribers_[i].lock()) {
      each(*subscriber);
    }
  }
}

void NetworkWatch::drain() {
  ++counts_.wake_ups;
  const bool complete = socket_.drain([this](const nlmsghdr* message) {
    if (const auto event = parse_event(message)) {
      take(*event);
    }
  });
  if (!complete) {
    take(EventsLost{});
  }
}

Result<void> NetworkWatch::follow_routes(bool on) {
  if (!on) {
    routes_readable_ = {};
    routes_.reset();
  } else if (!routes_) {
    auto socket = Socket::open(NETLINK_ROUTE, {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE});
    if (!socket) {
      return error_of(socket);
    }
    routes_ = *std::move(socket);
    routes_readable_ = loop_.on_readable(routes_->fd(), [this] {
      (void)routes_->drain([](const nlmsghdr*) {}); // lost or not: routes have changed
      routes_settled_.trigger();
    });
  }
  return {};
}

void NetworkWatch::take(const NetworkEvent& event) {
  links_changed_ = links_changed_ || !std::holds_alternative<AddressChanged>(event);
  addresses_changed_ = changes_addresses(event) || addresses_changed_;
  notify([&](const Subscriber& subscriber) {
    if (subscriber.event) {
      subscriber.event(event);
    }
  });
  settled_.trigger();
}

// Updates the links, and reports whether that shows in the addresses: their interface's name, for instance,
// but not its carrier.
bool NetworkWatch::changes_addresses(const NetworkEvent& event) {
  if (std::holds_alternative<EventsLost>(event)) {
    links_.reset();
  }
  if (!links_) {
    return true;
  }
  if (const auto* removed = std::get_if<LinkRemoved>(&event)) {
    return links_->erase(removed->index) > 0;
  }
  if (const auto* changed = std::get_if<LinkChanged>(&event)) {
    Link& known = (*links_)[changed->index];
    return std::exchange(known, changed->link) != changed->link;
  }
  return true;
}

void NetworkWatch::settled() {
  const bool links = std::exchange(links_changed_, false);
  const bool addresses = std::exchange(addresses_changed_, false);
  addresses_outdated_ = addresses_outdated_ || addresses;
  notify([&](const Subscriber& subscriber) {
    if (links && subscriber.links_settled) {
      subscriber.links_settled();
    }
    if (addresses && subscriber.addresses_settled) {
      subscriber.addresses_settled();
    }
  });
}

Result<const Addresses*> NetworkWatch::addresses() {
  if (!addresses_outdated_) {
    return &addresses_;
  }
  counts_.link_dumps += links_ ? 0 : 1;
  ++counts_.address_dumps;
  auto addresses = read_host_addresses(links_);
  if (!addresses) {
    return error_of(addresses);
  }
  if (*addresses) {
    addresses_ = **std::move(addresses);
    addresses_outdated_ = false;
  } else {
    addresses_changed_ = true;
    settled_.trigger();
  }
  return &addresses_;
}

} // namespace sfa::netlink
