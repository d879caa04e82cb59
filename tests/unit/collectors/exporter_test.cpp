#include "collectors/exporter.hpp"

#include "loopback_socket.hpp"

#include <array>
#include <catch2/catch.hpp>

namespace sfa::collectors_exporter_test {

using namespace collectors;
using namespace sflow;

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

Target target(std::vector<IpAddress> addresses, std::uint16_t port, std::string name = "a.example") {
  return {.collector = {.address = addresses.front(), .port = port, .name = std::move(name)},
          .addresses = std::move(addresses)};
}

std::vector<IpAddress> in_use(const Exporter& exporter) {
  std::vector<IpAddress> result;
  for (const auto& collector : exporter.collectors()) {
    result.push_back(collector.address);
  }
  return result;
}

const std::vector<Datagram> kTwoDatagrams{Datagram{1, 2, 3}, Datagram{4, 5, 6}};

} // namespace

TEST_CASE("when the kernel refuses an address, the collector moves to its next address without a loss") {
  const Receiver receiver;
  int moves = 0;
  Exporter exporter([&] { ++moves; });
  exporter.set_targets({target({kRefused, kRefused, ip("127.0.0.1")}, receiver.port)});
  exporter.send(kTwoDatagrams);
  CHECK(receiver.received() == 2);
  CHECK(moves == 1);
  CHECK(in_use(exporter) == std::vector{ip("127.0.0.1")});
  REQUIRE(exporter.status().size() == 1);
  CHECK(exporter.status()[0].sent == 2);
  CHECK(exporter.status()[0].errors == 0);
  exporter.send(kTwoDatagrams);
  CHECK(moves == 1);
}

TEST_CASE("a collector stays at the address in use, with its numbers, as long as it has that address") {
  const Receiver receiver;
  Exporter exporter;
  exporter.set_targets({target({kRefused, ip("127.0.0.1"), ip("127.0.0.2")}, receiver.port),
                        target({ip("127.0.0.2"), ip("127.0.0.1")}, receiver.port, "blue.example")});
  exporter.send(kTwoDatagrams);
  CHECK(in_use(exporter) == std::vector{ip("127.0.0.1"), ip("127.0.0.2")}); // the other one did not move
  CHECK(exporter.status()[0].others == std::vector{ip("127.0.0.2"), kRefused});

  exporter.set_targets({target({ip("127.0.0.3"), ip("127.0.0.1")}, receiver.port)});
  CHECK(in_use(exporter) == std::vector{ip("127.0.0.1")});
  CHECK(exporter.status()[0].others == std::vector{ip("127.0.0.3")});
  CHECK(exporter.status()[0].sent == 2);

  exporter.set_targets({target({ip("127.0.0.3"), ip("127.0.0.2")}, receiver.port)});
  CHECK(in_use(exporter) == std::vector{ip("127.0.0.3")});
}

TEST_CASE("a collector stays where it is if all its addresses are refused, and delays no other") {
  const Receiver receiver;
  int moves = 0;
  Exporter exporter([&] { ++moves; });
  exporter.set_targets({target({kRefused, kRefused}, 1), target({ip("127.0.0.1")}, receiver.port)});
  exporter.send(kTwoDatagrams);
  CHECK(moves == 0);
  CHECK(receiver.received() == 2);
  CHECK(in_use(exporter) == std::vector{kRefused, ip("127.0.0.1")});
  REQUIRE(exporter.status().size() == 2);
  CHECK(exporter.status()[0].errors == 2);
  CHECK(exporter.status()[1].sent == 2);
}

TEST_CASE("a missing network namespace or device is an error of that collector only") {
  const Receiver receiver;
  auto in_namespace = target({ip("127.0.0.1")}, receiver.port, "");
  auto through_device = in_namespace;
  const auto plain = in_namespace;
  in_namespace.collector.network_namespace = "not-there-0";
  through_device.collector.device = "not-there-0";
  Exporter exporter;
  exporter.set_targets({in_namespace, through_device, plain});
  exporter.send(kTwoDatagrams);
  CHECK(receiver.received() == 2);
  REQUIRE(exporter.status().size() == 3);
  CHECK(exporter.status()[0].errors == 2);
  CHECK(exporter.status()[1].errors == 2);
  CHECK(exporter.status()[2].sent == 2);
}

} // namespace sfa::collectors_exporter_test
