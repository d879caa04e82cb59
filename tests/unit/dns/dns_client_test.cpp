#include "dns/dns_client.hpp"
#include "dns/link_local_servers.hpp"

#include "common/file.hpp"
#include "loopback_socket.hpp"

#include <algorithm>
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <poll.h>
#include <set>

namespace sfa::dns_client_test {

using namespace dns;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<std::uint8_t>;

// A DNS server on loopback, in the loop of the test: knows one IPv4 address for every name, and no other
// type.
class Server : public LoopbackSocket {
public:
  explicit Server(EventLoop& loop) : source_(loop.on_readable(fd.get(), [this] { answer(); })) {}

  bool silent = false;
  unsigned rcode = 0;
  std::uint8_t last_byte = 1; // of the address 192.0.2.N
  int questions = 0;

private:
  void answer() {
    constexpr std::size_t kHeader = 12;
    Bytes message(512);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto* generic = reinterpret_cast<sockaddr*>(&from);
    const auto got = recvfrom(fd.get(), message.data(), message.size(), 0, generic, &size);
    REQUIRE(got > static_cast<ssize_t>(kHeader));
    ++questions;
    if (silent) {
      return;
    }
    std::size_t end = kHeader;
    while (message[end] != 0) {
      end += message[end] + 1U;
    }
    const bool has_address = message[end + 2] == 1 && rcode == 0;
    message.resize(end + 5); // the root label, type, class
    const Bytes counts{0, 1, 0, std::uint8_t{has_address}, 0, 0, 0, 0};
    message[2] = 0x81;
    message[3] = static_cast<std::uint8_t>(0x80 | rcode);
    std::ranges::copy(counts, message.begin() + 4);
    if (has_address) {
      const Bytes record{0xc0, kHeader, 0, 1, 0, 1, 0, 0, 0, 77, 0, 4, 192, 0, 2, last_byte};
      message.insert(message.end(), record.begin(), record.end());
    }
    sendto(fd.get(), message.data(), message.size(), 0, generic, size);
  }

  EventSource source_;
};

struct Fixture {
  Fixture() {
    REQUIRE(mkdtemp(directory.data()) != nullptr);
    path = directory + "/resolv.conf";
    REQUIRE(replace_file(path, "nameserver 127.0.0.1\nsearch example.com\n"));
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() { std::filesystem::remove_all(directory); }

  // Runs until `done`, or fails.
  template <class Done>
  void run_until(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!done()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      pollfd ready{.fd = loop.fd(), .events = POLLIN, .revents = 0};
      poll(&ready, 1, 100);
      loop.run_pending();
    }
  }

  std::string directory = "/tmp/dns_client_test.XXXXXX";
  std::filesystem::path path;
  EventLoop loop;
  Server server{loop};
};

} // namespace

TEST_CASE_METHOD(Fixture, "the addresses of a name come with their TTL, from the loop") {
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
  std::vector<DnsAddress> got;
  const auto lookup = dns.addresses("c1.test.", [&](const auto& answer) { got = answer.value(); });
  CHECK(got.empty());
  run_until([&] { return !got.empty(); });
  CHECK(got == std::vector<DnsAddress>{{IpAddress::parse("192.0.2.1").value(), 77s}});
}

TEST_CASE_METHOD(Fixture,
                 "an address of /etc/hosts needs no server, and its answer comes from the loop too") {
  server.silent = true;
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
  std::vector<DnsAddress> got;
  const auto lookup = dns.addresses("localhost", [&](const auto& answer) { got = answer.value(); });
  CHECK(got.empty());
  run_until([&] { return !got.empty(); });
  CHECK(server.questions == 0);
}

TEST_CASE_METHOD(Fixture,
                 "a name that does not exist is an error of the addresses and an answer of the records") {
  server.rcode = 3;
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
  std::string error;
  std::optional<DnsMessage> message;
  const auto first = dns.addresses("c1.test.", [&](const auto& answer) { error = answer.error().message; });
  const auto second =
      dns.records("_sflow._udp.test", DnsType::srv, [&](const auto& answer) { message = answer.value(); });
  run_until([&] { return !error.empty() && message; });
  CHECK(error == "Domain name not found");
  CHECK(message->rcode == DnsRcode::name_error);
}

TEST_CASE_METHOD(Fixture, "the records of a name come as they are in the answer") {
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
  std::optional<DnsMessage> message;
  const auto lookup =
      dns.records("c1.test", DnsType::a, [&](const auto& answer) { message = answer.value(); });
  run_until([&] { return message.has_value(); });
  CHECK(message->answers ==
        std::vector<DnsRecord>{{"c1.test", DnsType::a, 77s, IpAddress::parse("192.0.2.1").value()}});
}

TEST_CASE_METHOD(Fixture,
                 "the answer to a lookup that was given up is not delivered, also when it has come already") {
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
  std::set<std::string> called;
  auto given_up = dns.addresses("gone.test.", [&](const auto&) { called.insert("given up"); });
  given_up.reset();
  DnsLookup second;
  // Both are answered in the same turn: the first one that is delivered gives up the other.
  auto first = dns.addresses("127.0.0.1", [&](const auto&) {
    called.insert("first");
    second.reset();
  });
  second = dns.addresses("127.0.0.2", [&](const auto&) { called.insert("second"); });
  bool last = false;
  const auto third = dns.addresses("last.test.", [&](const auto&) { last = true; });
  run_until([&] { return last && server.questions >= 4; }); // A and AAAA of both names
  CHECK(called == std::set<std::string>{"first"});
}

TEST_CASE_METHOD(Fixture, "no callback is called after the client was destroyed") {
  server.silent = true;
  int calls = 0;
  DnsLookup lookup;
  {
    DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
    lookup = dns.addresses("c1.test.", [&](const auto&) { ++calls; });
    run_until([&] { return server.questions > 0; });
  }
  loop.run_pending();
  CHECK(calls == 0);
}

TEST_CASE_METHOD(Fixture,
                 "a change of resolv.conf is reported, and lookups in progress start again at once") {
  server.silent = true;
  int changes = 0;
  REQUIRE(replace_file(path, "nameserver 127.0.0.1\noptions timeout:30\n"));
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port}, [&] { ++changes; });
  std::vector<DnsAddress> got;
  const auto lookup = dns.addresses("c1.test.", [&](const auto& answer) { got = answer.value(); });
  run_until([&] { return server.questions == 2; }); // A and AAAA
  CHECK(changes == 0);
  server.silent = false;
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(replace_file(path, "nameserver 127.0.0.1\n"));
  run_until([&] { return !got.empty(); });
  CHECK(std::chrono::steady_clock::now() - begin < 20s); // c-ares itself would ask again after 30 s
  CHECK(changes > 0);
}

TEST_CASE("timeout and attempts of resolv.conf are those that the system has") {
  const auto parsed = [](std::string_view text) {
    const auto settings = parse_resolver_settings(text);
    return std::pair(settings.timeout, settings.attempts);
  };
  CHECK(parsed("") == std::pair(2s, 3U));
  CHECK(parsed("nameserver ::1\noptions timeout:1 rotate attempts:2 ndots:3\n") == std::pair(1s, 2U));
  CHECK(parsed("options timeout:0\noptions\tattempts:99") == std::pair(1s, 5U));
  CHECK(parsed("options timeout: attempts:x timeout:-1\n# options timeout:9\n") == std::pair(2s, 3U));
}

TEST_CASE("name servers are read in their order, with the interface of a link-local one") {
  const auto parsed = [](std::string_view text) { return parse_resolver_settings(text).servers; };
  const auto ip = [](std::string_view text) { return IpAddress::parse(text).value(); };
  CHECK(parsed("nameserver fe80::1%eth0\nnameserver 192.0.2.1 # a\n#nameserver ::1\nnameserver\nnameserver "
               "x%eth0\n") == std::vector<NameServer>{{ip("fe80::1"), "eth0"}, {ip("192.0.2.1")}});
}

TEST_CASE("of one link-local address on two interfaces the first is used, and the other one is named") {
  LinkLocalServers servers;
  ares_channeldata* channel = nullptr;
  REQUIRE(ares_init(&channel) == ARES_SUCCESS);
  const Handle<ares_channeldata, ares_destroy> owned(channel);
  const auto given = servers.give(
      channel,
      parse_resolver_settings("nameserver fe80::1%eth0\nnameserver fe80::1%eth1\nnameserver ::1\n").servers);
  if (ARES_VERSION < 0x011400) { // 1.20
    REQUIRE(!given);
    CHECK(given.error().message ==
          "fe80::1%eth1 is not used beside fe80::1%eth0: c-ares before 1.20 cannot tell them apart");
    CHECK(servers.zone_of(IpAddress::parse("fe80::1").value()) == "eth0");
  } else {
    CHECK(given);
  }
}

TEST_CASE("of the search lists in resolv.conf, under either name, the last one counts") {
  const auto parsed = [](std::string_view text) { return parse_resolver_settings(text).search; };
  using Domains = std::vector<std::string>;
  CHECK(parsed("nameserver ::1\n") == std::nullopt);
  CHECK(parsed("search\ta.test  b.test # c.test\n") == Domains{"a.test", "b.test"});
  CHECK(parsed("search a.test\ndomain b.test\n") == Domains{"b.test"});
  CHECK(parsed("domain b.test\r\nsearch a.test c.test") == Domains{"a.test", "c.test"});
  CHECK(parsed("#search a.test\n; domain b.test\nsearchdomain c.test\nsearch\n") == std::nullopt);
  CHECK(parsed("search a.test\nsearch\n") == Domains{"a.test"});
  CHECK(parsed("search .. a.test. .\n") == Domains{"a.test."});
  CHECK(parsed("search .\n") == Domains{}); // systemd-resolved: there is none
}

TEST_CASE_METHOD(Fixture, "the search list is in its order and without the root") {
  REQUIRE(replace_file(path, "nameserver 127.0.0.1\nsearch b.test . a.test\n"));
  DnsClient dns(loop, {.resolv_conf = path, .port = server.port});
  CHECK(dns.search_domains() == std::vector<std::string>{"b.test", "a.test"});
}

} // namespace sfa::dns_client_test
