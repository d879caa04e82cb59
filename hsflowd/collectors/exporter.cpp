#include "collectors/exporter.hpp"

#include <algorithm>
#include <iterator>
#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::collectors {

namespace {

// By name if it has one: the address may change.
std::string subject(const Collector& collector) {
  return fmt::format("collector {} port {}",
                     collector.name.empty() ? collector.address.to_string() : collector.name, collector.port);
}

Collector at(Collector collector, const IpAddress& address) {
  collector.address = address;
  return collector;
}

} // namespace

void Exporter::set_targets(const std::vector<Target>& targets) {
  std::vector<Peer> peers;
  for (const auto& target : targets) {
    const auto stays = [&](const Peer& peer) {
      const IpAddress& in_use = peer.collector.address;
      return peer.collector == at(target.collector, in_use) &&
             std::ranges::find(target.addresses, in_use) != target.addresses.end();
    };
    if (const auto old = std::ranges::find_if(peers_, stays); old != peers_.end()) {
      old->addresses = target.addresses;
      peers.push_back(std::move(*old));
      peers_.erase(old);
    } else {
      peers.push_back({target.collector, target.addresses, LoggedState(subject(target.collector))});
    }
  }
  peers_ = std::move(peers);
}

void Exporter::send(std::span<const sflow::Datagram> datagrams) {
  const auto before = collectors();
  for (auto& peer : peers_) {
    for (const auto& datagram : datagrams) {
      if (const auto sent = send_to_any(peer, datagram)) {
        ++peer.sent;
        peer.state.ok();
      } else {
        ++peer.errors;
        peer.last_error = sent.error().message;
        peer.state.failed(sent.error());
      }
    }
  }
  if (moved_ && collectors() != before) {
    moved_();
  }
}

// Begins behind the address in use, so that each failure goes on where the previous one ended.
std::vector<IpAddress> Exporter::others(const Peer& peer) {
  std::vector<IpAddress> result = peer.addresses;
  if (const auto in_use = std::ranges::find(result, peer.collector.address); in_use != result.end()) {
    std::rotate(result.begin(), in_use, result.end());
    result.erase(result.begin());
  }
  return result;
}

Result<void> Exporter::send_to_any(Peer& peer, const sflow::Datagram& datagram) {
  auto sent = peer.socket.send(peer.collector, datagram);
  if (sent) {
    return sent;
  }
  for (const auto& address : others(peer)) {
    Collector other = at(peer.collector, address);
    CollectorSocket socket;
    if (socket.send(other, datagram)) {
      if (peer.switch_lines.admits()) {
        spdlog::info("{}: cannot send to {}; switching to {}", peer.state.subject(),
                     peer.collector.address.to_string(), address.to_string());
      }
      peer.collector = std::move(other);
      peer.socket = std::move(socket);
      return {};
    }
  }
  return sent;
}

std::vector<Collector> Exporter::collectors() const {
  std::vector<Collector> result;
  std::ranges::transform(peers_, std::back_inserter(result), &Peer::collector);
  return result;
}

std::vector<Exporter::Status> Exporter::status() const {
  std::vector<Status> result;
  for (const auto& peer : peers_) {
    result.push_back({.collector = peer.collector,
                      .others = others(peer),
                      .sent = peer.sent,
                      .errors = peer.errors,
                      .last_error = peer.last_error});
  }
  return result;
}

} // namespace sfa::collectors
