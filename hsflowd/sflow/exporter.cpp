#include "sflow/exporter.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace sfa {

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress socket_address(const Collector& collector) {
  SocketAddress result;
  const auto bytes = collector.address.bytes();
  if (collector.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(collector.port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(collector.port);
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.length = sizeof v6;
  }
  return result;
}

} // namespace

void Exporter::set_collectors(const std::vector<Collector>& collectors) {
  std::vector<Peer> peers;
  for (const auto& collector : collectors) {
    const auto kept =
        std::ranges::find_if(peers_, [&](const Peer& peer) { return peer.status.collector == collector; });
    if (kept != peers_.end()) {
      peers.push_back(std::move(*kept));
      peers_.erase(kept);
    } else {
      peers.push_back({.status = {.collector = collector, .last_error = {}},
                       .socket = {},
                       .state = LoggedState(fmt::format("collector {} port {}", collector.address.to_string(),
                                                        collector.port))});
    }
  }
  peers_ = std::move(peers);
}

void Exporter::send(std::span<const Datagram> datagrams) {
  for (auto& peer : peers_) {
    for (const auto& datagram : datagrams) {
      if (const auto sent = send_to(peer, datagram); sent) {
        ++peer.status.sent;
        peer.state.ok();
      } else {
        ++peer.status.errors;
        peer.status.last_error = sent.error().message;
        peer.state.failed(sent.error());
      }
    }
  }
}

Result<void> Exporter::send_to(Peer& peer, const Datagram& datagram) {
  const Collector& collector = peer.status.collector;
  if (!peer.socket) {
    peer.socket = UniqueFd(
        socket(collector.address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!peer.socket) {
      return errno_failure("socket");
    }
  }
  // Not connected: the route and with it the source address are chosen anew for each datagram, so a host that
  // gets its network late or changes its address needs no care here.
  const SocketAddress to = socket_address(collector);
  if (sendto(peer.socket.get(), datagram.data(), datagram.size(), 0,
             reinterpret_cast<const sockaddr*>(&to.storage), to.length) < 0) {
    return errno_failure("send");
  }
  return {};
}

std::vector<Exporter::Status> Exporter::status() const {
  std::vector<Status> result;
  std::ranges::transform(peers_, std::back_inserter(result), &Peer::status);
  return result;
}

} // namespace sfa
