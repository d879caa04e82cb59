// Sends datagrams to collectors. The only place that sends.
#pragma once

#include "common/handle.hpp"
#include "common/log.hpp"
#include "common/settings.hpp"
#include "sflow/datagram.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sfa {

class Exporter {
public:
  // Collectors that stay keep their socket and their numbers.
  void set_collectors(const std::vector<Collector>& collectors);

  // Hands every datagram to the kernel for every collector, in turn; never waits. What a collector's socket
  // refuses is lost, is counted and is logged when it starts and when it ends.
  void send(std::span<const Datagram> datagrams);

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
    UniqueFd socket;
    LoggedState state;
  };
  static Result<void> send_to(Peer& peer, const Datagram& datagram);
  std::vector<Peer> peers_;
};

} // namespace sfa
