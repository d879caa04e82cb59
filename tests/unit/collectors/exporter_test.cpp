#include "collectors/exporter.hpp"

#include "loopback_socket.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace sfa;
using namespace sfa::collectors;
using namespace sfa::sflow;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

// The kernel refuses to send there without SO_BROADCAST (ip(7)), whatever network this host has.
const IpAddress kRefused = ip("255.255.255.255");

struct Receiver : LoopbackSocket {
  [[nodiscard]] int received() const {
    std::array<char, 64> buffer{};
    int count = 0;
    while (recv(fd.get(), buffer.data(), buffer.size(), 0) >= 0) {
      ++count;
    }
    return count;
  }
};

const std::vector<Datagram> kTwoDatagrams{Datagram{1, 2, 3}, Datagram{4, 5, 6}};

} // namespace

TEST_CASE("a collector whose address is refused is sent to at its next address that is not, without a loss") {
  const Receiver receiver;
  const Collector collector{.address = kRefused, .port = receiver.port, .name = "a.example"};
  std::vector<IpAddress> moves;
  Exporter exporter({.others =
                         [](const Collector&) {
                           return std::vector{kRefused, ip("127.0.0.1")};
                         },
                     .moved = [&](const Collector&, const IpAddress& to) { moves.push_back(to); }});
  exporter.set_collectors({collector});
  exporter.send(kTwoDatagrams);
  CHECK(receiver.received() == 2);
  CHECK(moves == std::vector{ip("127.0.0.1")});
  REQUIRE(exporter.status().size() == 1);
  CHECK(exporter.status()[0].sent == 2);
  CHECK(exporter.status()[0].errors == 0);

  // Settings that follow the move find the collector where it is, with its numbers.
  auto moved = collector;
  moved.address = ip("127.0.0.1");
  exporter.set_collectors({moved});
  CHECK(exporter.status()[0].sent == 2);
}

TEST_CASE("a collector all of whose addresses are refused stays where it is, and delays no other") {
  const Receiver receiver;
  int moves = 0;
  Exporter exporter({.others = [](const Collector&) { return std::vector{kRefused}; },
                     .moved = [&](const Collector&, const IpAddress&) { ++moves; }});
  exporter.set_collectors(
      {{.address = kRefused, .port = 1}, {.address = ip("127.0.0.1"), .port = receiver.port}});
  exporter.send(kTwoDatagrams);
  CHECK(moves == 0);
  CHECK(receiver.received() == 2);
  REQUIRE(exporter.status().size() == 2);
  CHECK(exporter.status()[0].errors == 2);
  CHECK(exporter.status()[1].sent == 2);
}

TEST_CASE("a network namespace or a device that is not there is an error of that collector only") {
  const Receiver receiver;
  Exporter exporter;
  exporter.set_collectors(
      {{.address = ip("127.0.0.1"), .port = receiver.port, .network_namespace = "not-there-0"},
       {.address = ip("127.0.0.1"), .port = receiver.port, .device = "not-there-0"},
       {.address = ip("127.0.0.1"), .port = receiver.port}});
  exporter.send(kTwoDatagrams);
  CHECK(receiver.received() == 2);
  REQUIRE(exporter.status().size() == 3);
  CHECK(exporter.status()[0].errors == 2);
  CHECK(exporter.status()[1].errors == 2);
  CHECK(exporter.status()[2].sent == 2);
}
