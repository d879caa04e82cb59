// Sends datagrams to collectors, through CollectorSocket. It alone decides which address of a collector is in
// use: the first one until the kernel refuses a datagram for it, then the next.
#pragma once

#include "collectors/collector_socket.hpp"
#include "collectors/target.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "sflow/datagram.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sfa::collectors {

class Exporter {
public:
  // `moved` is called at the end of each send() that changed collectors().
  explicit Exporter(Callback moved = {}) : moved_(std::move(moved)) {}

  // A collector stays at the address in use, with its socket and its numbers, as long as it has that address.
  void set_targets(const std::vector<Target>& targets);

  // Passes every datagram to the kernel for each collector in turn; never waits. A datagram that the kernel
  // refuses for all addresses of a collector is lost and counted. That is logged when it begins and ends.
  void send(std::span<const sflow::Datagram> datagrams);

  // Each at the address in use.
  [[nodiscard]] std::vector<Collector> collectors() const;

  struct Status {
    Collector collector;           // at the address in use
    std::vector<IpAddress> others; // in the order in which they are tried
    std::uint64_t sent = 0;        // datagrams
    std::uint64_t errors = 0;      // datagrams
    std::string last_error;        // empty if there was none
  };
  [[nodiscard]] std::vector<Status> status() const;

private:
  struct Peer {
    Collector collector; // at the address in use, one of `addresses`
    std::vector<IpAddress> addresses;
    LoggedState state;
    LineLimit switch_lines = {};
    CollectorSocket socket = {};
    std::uint64_t sent = 0;
    std::uint64_t errors = 0;
    std::string last_error = {};
  };
  static std::vector<IpAddress> others(const Peer& peer);
  static Result<void> send_to_any(Peer& peer, const sflow::Datagram& datagram);

  Callback moved_;
  std::vector<Peer> peers_;
};

} // namespace sfa::collectors
