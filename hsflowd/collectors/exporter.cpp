#include "collectors/exporter.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfa::collectors {

namespace {

// A name stands for whatever address is in use.
std::string subject(const Collector& collector) {
  return fmt::format("collector {} port {}",
                     collector.name.empty() ? collector.address.to_string() : collector.name, collector.port);
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
                       .state = LoggedState(subject(collector))});
    }
  }
  peers_ = std::move(peers);
}

void Exporter::send(std::span<const sflow::Datagram> datagrams) {
  for (auto& peer : peers_) {
    for (const auto& datagram : datagrams) {
      if (const auto sent = send_to_any(peer, datagram); sent) {
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

Result<void> Exporter::send_to_any(Peer& peer, const sflow::Datagram& datagram) const {
  auto sent = peer.socket.send(peer.status.collector, datagram);
  if (sent || !fallback_.others) {
    return sent;
  }
  for (const auto& address : fallback_.others(peer.status.collector)) {
    Collector other = peer.status.collector;
    other.address = address;
    CollectorSocket socket;
    if (socket.send(other, datagram)) {
      fallback_.moved(peer.status.collector, address);
      peer.status.collector = std::move(other);
      peer.socket = std::move(socket);
      return {};
    }
  }
  return sent;
}

std::vector<Exporter::Status> Exporter::status() const {
  std::vector<Status> result;
  std::ranges::transform(peers_, std::back_inserter(result), &Peer::status);
  return result;
}

} // namespace sfa::collectors
