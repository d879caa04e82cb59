#include "config/agent_address.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace sfa::config_agent_address_test {

using namespace config;
using namespace host;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

InterfaceAddress on(std::string device, std::uint32_t if_index, std::string_view address) {
  return {.address = ip(address), .device = std::move(device), .if_index = if_index, .up = true};
}

InterfaceAddress on_vlan(std::string device, std::uint32_t if_index, std::string_view address) {
  InterfaceAddress at = on(std::move(device), if_index, address);
  at.vlan = true;
  return at;
}

AgentCidr cidr(std::string_view prefix, std::uint8_t length, bool exclude = false) {
  return {.prefix = ip(prefix), .prefix_length = length, .exclude = exclude};
}

struct Preferences {
  std::optional<IpAddress> agent_ip = {};
  std::string agent_device = {};
  std::vector<AgentCidr> agent_cidrs = {};
};

Config with(const Preferences& preferences) {
  Config config;
  config.agent_ip = preferences.agent_ip;
  config.agent_device = preferences.agent_device;
  config.agent_cidrs = preferences.agent_cidrs;
  return config;
}

std::string winner(const Config& config, const std::vector<InterfaceAddress>& addresses) {
  const auto election = elect_agent_address(config, addresses);
  return election.address ? election.address->to_string() : "none";
}

constexpr auto kExclude = true;

} // namespace

TEST_CASE("kinds of address rank as documented, whatever the order in which the kernel lists them") {
  const std::vector<InterfaceAddress> worst_to_best{
      on("lo", 1, "::1"),                    // 3
      on("lo", 1, "127.0.0.1"),              // 4
      on("eth0", 2, "169.254.7.7"),          // 5
      on("eth0", 2, "fe80::1"),              // 6
      on_vlan("eth0.5", 5, "2001:db8:5::1"), // 7
      on_vlan("eth0.5", 5, "203.0.113.5"),   // 8
      on("eth0", 2, "fd00::1"),              // 9
      on("eth0", 2, "2001:db8::1"),          // 10
      on("eth0", 2, "10.0.0.1"),             // 11
      on("eth0", 2, "192.0.2.1"),            // 12
  };
  auto shuffled = worst_to_best;
  std::ranges::shuffle(shuffled, std::mt19937(1));
  const auto election = elect_agent_address({}, shuffled);
  REQUIRE(election.candidates.size() == worst_to_best.size());
  for (std::uint32_t i = 0; i < worst_to_best.size(); ++i) {
    const auto& candidate = election.candidates[worst_to_best.size() - 1 - i];
    CHECK(candidate.at == worst_to_best[i]);
    CHECK(candidate.rank == i + 3);
  }
  CHECK(election.address == ip("192.0.2.1"));
  CHECK(election.device == "eth0");
  CHECK(election.why == "highest rank (12): IPv4 global");
}

TEST_CASE("a reserved address is the last choice before none") {
  CHECK(winner({}, {on("eth0", 2, "240.0.0.1")}) == "240.0.0.1");
  CHECK(winner({}, {on("eth0", 2, "240.0.0.1"), on("lo", 1, "::1")}) == "::1");
}

TEST_CASE("addresses that cannot be a source address never win, even if preferred") {
  for (const auto* address :
       {"0.0.0.0", "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "ff02::1"}) {
    const Config config = with({.agent_device = "eth0", .agent_cidrs = {cidr("0.0.0.0", 0), cidr("::", 0)}});
    CHECK(winner(config, {on("eth0", 2, address)}) == "none");
  }
}

TEST_CASE("the private IPv4 blocks are those of RFC 1918") {
  const auto reason = [](std::string_view address) {
    return elect_agent_address({}, std::vector{on("eth0", 2, address)}).candidates.at(0).reason;
  };
  for (const auto* address :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"}) {
    CHECK(reason(address) == "IPv4 private");
  }
  for (const auto* address : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                              "192.169.0.0", "100.64.0.1"}) {
    CHECK(reason(address) == "IPv4 global");
  }
}

TEST_CASE("a VLAN takes precedence over private, but not over unique local and link-local") {
  const auto reason = [](std::string_view address) {
    return elect_agent_address({}, std::vector{on_vlan("eth0.5", 5, address)}).candidates.at(0).reason;
  };
  CHECK(reason("10.0.0.1") == "IPv4 on a VLAN");
  CHECK(reason("192.0.2.1") == "IPv4 on a VLAN");
  CHECK(reason("2001:db8::1") == "IPv6 on a VLAN");
  CHECK(reason("fd00::1") == "IPv6 unique local");
  CHECK(reason("fe80::1") == "IPv6 link-local");
  CHECK(reason("169.254.0.1") == "IPv4 link-local");
}

TEST_CASE("agent.cidr raises any kind of address above the best kind, earlier prefixes more") {
  const std::vector<InterfaceAddress> addresses{on("eth0", 2, "192.0.2.1"), on("eth1", 3, "10.1.0.1"),
                                                on("lo", 1, "127.0.0.1"), on("eth2", 4, "fe80::2")};
  CHECK(winner(with({.agent_cidrs = {cidr("127.0.0.0", 8)}}), addresses) == "127.0.0.1");
  CHECK(winner(with({.agent_cidrs = {cidr("fe80::", 10)}}), addresses) == "fe80::2");
  CHECK(winner(with({.agent_cidrs = {cidr("127.0.0.0", 8), cidr("10.0.0.0", 8)}}), addresses) == "127.0.0.1");
  CHECK(winner(with({.agent_cidrs = {cidr("10.0.0.0", 8), cidr("127.0.0.0", 8)}}), addresses) == "10.1.0.1");
  CHECK(winner(with({.agent_cidrs = {cidr("172.16.0.0", 12)}}), addresses) == "192.0.2.1");
}

TEST_CASE("of several matching prefixes, the first one counts") {
  const Config config =
      with({.agent_cidrs = {cidr("10.1.0.0", 16), cidr("10.0.0.0", 8), cidr("192.0.2.0", 24)}});
  const auto election =
      elect_agent_address(config, std::vector{on("eth0", 2, "192.0.2.1"), on("eth1", 3, "10.1.0.1")});
  CHECK(election.address == ip("10.1.0.1"));
  REQUIRE(election.candidates.size() == 2);
  CHECK(election.candidates[0].rank == 11 + 3 * 13);
  CHECK(election.candidates[0].reason == "IPv4 private, in agent.cidr 10.1.0.0/16");
  CHECK(election.candidates[1].rank == 12 + 1 * 13);
}

TEST_CASE("a prefix is compared bit by bit, and only with addresses of its family") {
  const auto boosted = [](const AgentCidr& prefix, std::string_view address) {
    return elect_agent_address(with({.agent_cidrs = {prefix}}), std::vector{on("eth0", 2, address)})
               .candidates.at(0)
               .rank > 13;
  };
  CHECK(boosted(cidr("192.0.2.128", 25), "192.0.2.128"));
  CHECK_FALSE(boosted(cidr("192.0.2.128", 25), "192.0.2.127"));
  CHECK(boosted(cidr("2001:db8::", 33), "2001:db8:7fff::1"));
  CHECK_FALSE(boosted(cidr("2001:db8::", 33), "2001:db8:8000::1"));
  CHECK(boosted(cidr("192.0.2.1", 32), "192.0.2.1"));
  CHECK_FALSE(boosted(cidr("::", 0), "192.0.2.1"));
  CHECK_FALSE(boosted(cidr("0.0.0.0", 0), "2001:db8::1"));
}

TEST_CASE("an excluded address never wins, even alone, on the agent device, or in another agent.cidr") {
  const std::vector<InterfaceAddress> alone{on("eth0", 2, "10.1.0.1")};
  CHECK(winner(with({.agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}), alone) == "none");
  CHECK(winner(with({.agent_device = "eth0", .agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}), alone) ==
        "none");
  CHECK(winner(with({.agent_cidrs = {cidr("10.1.0.0", 16), cidr("10.0.0.0", 8, kExclude)}}), alone) ==
        "none");
  const auto election = elect_agent_address(
      with({.agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}),
      std::vector{on("eth0", 2, "10.1.0.1"), on("lo", 1, "127.0.0.1"), on("eth1", 3, "fe80::3")});
  CHECK(election.address == ip("fe80::3"));
  REQUIRE(election.candidates.size() == 3);
  CHECK(election.candidates.back().reason == "excluded by agent.cidr !10.0.0.0/8");
}

TEST_CASE("the agent device raises all its addresses, and may be given by an alias or a label") {
  std::vector<InterfaceAddress> addresses{on("eth0", 2, "192.0.2.1"), on("eth1", 3, "10.1.0.1"),
                                          on("eth1", 3, "fe80::3")};
  const auto election = elect_agent_address(with({.agent_device = "eth1"}), addresses);
  CHECK(election.address == ip("10.1.0.1"));
  REQUIRE(election.candidates.size() == 3);
  CHECK(election.candidates[1].at.address == ip("fe80::3"));
  CHECK(election.candidates[0].reason == "IPv4 private, on the agent device eth1");
  addresses[2].aliases = {"uplink", "eth1:7"};
  CHECK(winner(with({.agent_device = "uplink"}), addresses) == "fe80::3");
  CHECK(winner(with({.agent_device = "eth1:7"}), addresses) == "fe80::3");
}

TEST_CASE("an agent device without an address is reported and does not stop the election") {
  const auto election =
      elect_agent_address(with({.agent_device = "eth7"}), std::vector{on("eth0", 2, "192.0.2.1")});
  CHECK(election.address == ip("192.0.2.1"));
  CHECK(election.why == "highest rank (12): IPv4 global; no address is on the agent device eth7");
}

TEST_CASE("the first agent.cidr of two outweighs the agent device, and a single one is its equal") {
  const std::vector<InterfaceAddress> addresses{on("eth0", 2, "192.0.2.1"), on("eth1", 3, "10.1.0.1")};
  const Config two =
      with({.agent_device = "eth0", .agent_cidrs = {cidr("10.0.0.0", 8), cidr("172.16.0.0", 12)}});
  CHECK(winner(two, addresses) == "10.1.0.1");
  CHECK(winner(with({.agent_device = "eth0", .agent_cidrs = {cidr("10.0.0.0", 8)}}), addresses) ==
        "192.0.2.1");
}

TEST_CASE("agentIP wins over everything") {
  const std::vector<InterfaceAddress> addresses{on("eth0", 2, "192.0.2.1"), on("eth1", 3, "10.1.0.1")};
  const Config config = with({.agent_ip = ip("10.1.0.1"),
                              .agent_device = "eth0",
                              .agent_cidrs = {cidr("192.0.2.0", 24), cidr("10.0.0.0", 8, kExclude)}});
  const auto election = elect_agent_address(config, addresses);
  CHECK(election.address == ip("10.1.0.1"));
  CHECK(election.device == "eth1");
  CHECK(election.why == "agentIP is set");
}

TEST_CASE(
    "agentIP need not be an address of this host, and the device is then the one that is most likely meant") {
  const std::vector<InterfaceAddress> addresses{on("eth0", 2, "192.0.2.1"), on("eth1", 3, "10.1.0.1")};
  const auto election = elect_agent_address(with({.agent_ip = ip("198.51.100.9")}), addresses);
  CHECK(election.address == ip("198.51.100.9"));
  CHECK(election.device == "eth0");
  CHECK(election.why == "agentIP is set, though no interface has that address");
  CHECK(
      elect_agent_address(with({.agent_ip = ip("198.51.100.9"), .agent_device = "eth1"}), addresses).device ==
      "eth1");
  CHECK(elect_agent_address(with({.agent_ip = ip("198.51.100.9")}), {}).device.empty());
}

TEST_CASE(
    "of equal ranks, a permanent address wins over one from autoconfiguration, then the lowest ifIndex") {
  std::vector<InterfaceAddress> addresses{on("eth0", 2, "2001:db8::1"), on("eth1", 3, "2001:db8::2"),
                                          on("eth2", 4, "2001:db8::3")};
  auto election = elect_agent_address({}, addresses);
  CHECK(election.address == ip("2001:db8::1"));
  CHECK(election.why == "highest rank (10): IPv6 global; before 2001:db8::2 on eth1: the lower ifIndex");
  addresses[0].slaac = true;
  election = elect_agent_address({}, addresses);
  CHECK(election.address == ip("2001:db8::2"));
  addresses[2].slaac = true;
  election = elect_agent_address({}, addresses);
  CHECK(election.why ==
        "highest rank (10): IPv6 global; before 2001:db8::1 on eth0: not from autoconfiguration "
        "(SLAAC)");
  CHECK(election.candidates.at(1).at.if_index == 2);
}

TEST_CASE("of equal ranks on one device, the lowest address wins, whatever the order") {
  std::vector<InterfaceAddress> addresses{on("eth0", 2, "192.0.2.9"), on("eth0", 2, "192.0.2.1")};
  CHECK(winner({}, addresses) == "192.0.2.1");
  std::ranges::reverse(addresses);
  const auto election = elect_agent_address({}, addresses);
  CHECK(election.address == ip("192.0.2.1"));
  CHECK(election.why == "highest rank (12): IPv4 global; before 192.0.2.9 on eth0: the lower address");
}

TEST_CASE("an interface that is down is not a candidate") {
  auto down = on("eth0", 2, "192.0.2.1");
  down.up = false;
  const auto election =
      elect_agent_address(with({.agent_device = "eth0"}), std::vector{down, on("lo", 1, "::1")});
  CHECK(election.address == ip("::1"));
  REQUIRE(election.candidates.size() == 2);
  CHECK(election.candidates[1].rank == 0);
  CHECK(election.candidates[1].reason == "the interface is down");
}

TEST_CASE("without a usable address there is no agent address, with a reason") {
  const auto election = elect_agent_address({}, {});
  CHECK_FALSE(election.address);
  CHECK(election.device.empty());
  CHECK(election.why == "no interface that is up has a usable address");
  CHECK(elect_agent_address(with({.agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}),
                            std::vector{on("eth0", 2, "10.0.0.1")})
            .why == "no interface that is up has a usable address that agent.cidr does not exclude");
}

TEST_CASE("the text of an election has every candidate, its rank and the winner") {
  auto down = on("wan", 4, "203.0.113.1");
  down.up = false;
  const std::vector<InterfaceAddress> addresses{on("lo", 1, "127.0.0.1"), on("eth0", 2, "192.0.2.1"), down,
                                                on("br-int", 3, "10.1.0.1")};
  CHECK(election_text(
            elect_agent_address(with({.agent_cidrs = {cidr("127.0.0.0", 8, kExclude)}}), addresses)) ==
        "192.0.2.1 on eth0: highest rank (12): IPv4 global\n"
        "* rank  12  192.0.2.1    eth0    IPv4 global\n"
        "  rank  11  10.1.0.1     br-int  IPv4 private\n"
        "  rank   0  127.0.0.1    lo      excluded by agent.cidr !127.0.0.0/8\n"
        "  rank   0  203.0.113.1  wan     the interface is down\n");
  CHECK(election_text(elect_agent_address({}, {})) == "none: no interface that is up has a usable address\n");
  CHECK(election_text(elect_agent_address(with({.agent_ip = ip("192.0.2.7")}), {})) ==
        "192.0.2.7 on no device: agentIP is set, though no interface has that address\n");
}

} // namespace sfa::config_agent_address_test
