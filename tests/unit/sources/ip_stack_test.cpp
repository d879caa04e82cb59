#include "sources/ip_stack.hpp"

#include "common/text.hpp"
#include "host/fixture_host.hpp"

#include <set>

namespace sfa::sources_ip_stack_test {

using namespace host;
using namespace sflow;
using namespace sources;
using namespace test;

namespace {

template <class Block>
Block read_group(const SysRoot& root) {
  for (const auto& source : make_ip_stack_sources()) {
    if (source->name() == Block::kName) {
      return read_block<Block>(*source, root);
    }
  }
  FAIL("no source for " << Block::kName);
  return {};
}

constexpr auto kNewest = "microvm-6.18";

} // namespace

// The fixture numbers the columns that ICMP's structure has from 1 to 25, and the others above 100.
TEST_CASE("ICMP counters are found by name: no column that a kernel adds shifts the others") {
  const auto icmp = read_group<Mib2Icmp>(fixture_host("kernel-3.10"));
  std::uint32_t expected = 0;
  Mib2Icmp::fields(icmp, [&](std::string_view name, const std::uint32_t& value) {
    INFO(name);
    CHECK(value == ++expected);
  });
  CHECK(expected == 25);
}

TEST_CASE("every field of the four groups has a column in the newest kernel") {
  const auto text = fixture_host(kNewest).read("proc/net/snmp").value().value();
  std::set<std::string> without_column;
  const auto look = [&](auto block, std::string_view name) {
    const auto group = parse_snmp_group(text, name).value().value();
    decltype(block)::fields(block, [&](std::string_view field, const std::uint32_t&) {
      if (!group.contains(snmp_column(field))) {
        without_column.emplace(field);
      }
    });
  };
  look(Mib2Ip{}, "Ip");
  look(Mib2Icmp{}, "Icmp");
  look(Mib2Tcp{}, "Tcp");
  look(Mib2Udp{}, "Udp");
  CHECK(without_column.empty());
}

TEST_CASE(
    "IP, TCP and UDP groups are those of the kernel, modulo 2^32, and TCP has no limit of connections") {
  const auto root = fixture_host("kernel-3.10");
  const auto ip = read_group<Mib2Ip>(root);
  CHECK(ip.ip_forwarding == 1);
  CHECK(ip.ip_in_receives == 7); // 4294967303
  CHECK(ip.ip_reasm_timeout == 30);
  CHECK(ip.ip_frag_creates == 19);
  const auto tcp = read_group<Mib2Tcp>(root);
  CHECK(tcp.tcp_max_conn == kUnknown32);
  CHECK(tcp.tcp_curr_estab == 9);
  CHECK(tcp.tcp_in_csum_errors == 15);
  CHECK(read_group<Mib2Udp>(root) == Mib2Udp{1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a column that a kernel does not have leaves its counter unknown") {
  const TemporaryHost host;
  host.write("proc/net/snmp", "Udp: InDatagrams NoPorts\nUdp: 10 20\n");
  CHECK(read_group<Mib2Udp>(host.root()) == Mib2Udp{.udp_in_datagrams = 10, .udp_no_ports = 20});
}

TEST_CASE("a host without proc/net/snmp, or without a group in it, has no such block") {
  const TemporaryHost host;
  for (const auto& source : make_ip_stack_sources()) {
    CHECK(is_absent(*source, host.root()));
  }
  host.write("proc/net/snmp", "UdpLite: InDatagrams\nUdpLite: 1\n");
  for (const auto& source : make_ip_stack_sources()) {
    CHECK(is_absent(*source, host.root()));
  }
}

TEST_CASE("all groups of a poll are of one reading, and those of the next poll of another") {
  const TemporaryHost host;
  const auto say = [&](int value) {
    host.write("proc/net/snmp", fmt::format("Ip: InReceives\nIp: {0}\nUdp: InDatagrams\nUdp: {0}\n", value));
  };
  const auto sources = make_ip_stack_sources();
  auto& ip = *sources[0];
  auto& udp = *sources[3];
  say(1);
  CHECK(read_block<Mib2Ip>(ip, host.root()).ip_in_receives == 1);
  say(2);
  CHECK(read_block<Mib2Udp>(udp, host.root()).udp_in_datagrams == 1);
  CHECK(read_block<Mib2Ip>(ip, host.root()).ip_in_receives == 2);
  say(3);
  CHECK(read_block<Mib2Ip>(ip, host.root()).ip_in_receives == 3);
  CHECK(read_block<Mib2Udp>(udp, host.root()).udp_in_datagrams == 3);
}

TEST_CASE("a torn proc/net/snmp is an error that says what is wrong") {
  const auto error = [](std::string_view text) { return parse_snmp_group(text, "Ip").error().message; };
  CHECK(error("Ip: A B\n") == "Ip: no line with values");
  CHECK(error("Ip: A B\nIp: 1\n") == "'Ip: 1' does not have a value for each of 'Ip: A B'");
  CHECK(error("Ip: A B\nTcp: 1 2\n") == "'Tcp: 1 2' does not have a value for each of 'Ip: A B'");
  CHECK(error("Ip: A B\nIp: 1 x\n") == "B: 'x' is not a counter");
  CHECK(error("Ip: A B\n\n") == "'' does not have a value for each of 'Ip: A B'");
  CHECK(parse_snmp_group("Ip: A\nIp: 18446744073709551615\n", "Ip").value()->at("a") == ~std::uint64_t{0});
  CHECK(error("Ip: A\nIp: 18446744073709551616\n") == "A: '18446744073709551616' is not a counter");
  for (const auto* group : {"Ip", "Icmp", "Tcp", "Udp"}) {
    cut_short_at_every_byte("proc/net/snmp",
                            [&](std::string_view text) { return parse_snmp_group(text, group); });
  }
}

} // namespace sfa::sources_ip_stack_test
