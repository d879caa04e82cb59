// Sends datagrams to collectors. The only one that does, through CollectorSocket.
#pragma once

#include "collectors/collector_socket.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "sflow/datagram.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sfa::collectors {

// Where else to send what a collector's address does not take.
struct Fallback {
  std::function<std::vector<IpAddress>(const Collector&)> others; // in the order in which they are tried
  // The collector is at `address` from now on. Called in the middle of sending.
  std::function<void(const Collector&, const IpAddress& address)> moved;
};

class Exporter {
public:
  explicit Exporter(Fallback fallback = {}) : fallback_(std::move(fallback)) {}

  // Collectors that stay keep their socket and their numbers.
  void set_collectors(const std::vector<Collector>& collectors);

  // Hands every datagram to the kernel for every collector, in turn; never waits. What the kernel refuses to
  // send to any address of a collector is lost, is counted and is logged when it starts and when it ends.
  void send(std::span<const sflow::Datagram> datagrams);

  struct Status {
    Collector collector;
    std::uint64_t sent = 0;   // datagrams
    std::uint64_t errors = 0; // datagrams
    std::string last_error;   // empty = there never was one
  };
  [[nodiscard]] std::vector<Status> status() const;

private:
  struct Peer {
    Status status;
    CollectorSocket socket;
    LoggedState state;
  };
  Result<void> send_to_any(Peer& peer, const sflow::Datagram& datagram) const;
  Fallback fallback_;
  std::vector<Peer> peers_;
};

} // namespace sfa::collectors
