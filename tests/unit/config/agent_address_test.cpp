#include "config/agent_address.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace sfa::config_agent_address_test {

using namespace config;
using namespace host;
using namespace std::chrono_literals;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

InterfaceAddress on(std::string device, std::uint32_t if_index, std::string_view address) {
  return {.address = ip(address), .device = std::move(device), .if_index = if_index, .up = true};
}

InterfaceAddress on(InterfaceKind kind, std::string device, std::uint32_t if_index,
                    std::string_view address) {
  InterfaceAddress at = on(std::move(device), if_index, address);
  at.kind = kind;
  return at;
}

InterfaceAddress living(AddressLifetime lifetime, std::string device, std::uint32_t if_index,
                        std::string_view address) {
  InterfaceAddress at = on(std::move(device), if_index, address);
  at.lifetime = lifetime;
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

using Addresses = std::vector<InterfaceAddress>;

SourceAddresses gateway(std::string_view address) {
  return {.to_gateway = {ip(address)}};
}

SourceAddresses collectors(std::string_view address) {
  return {.to_collectors = {ip(address)}};
}

SourceAddresses both(std::string_view address) {
  return {.to_collectors = {ip(address)}, .to_gateway = {ip(address)}};
}

// The first election of a host.
AgentElection elect_agent_address(const Config& config, const Addresses& addresses,
                                  const SourceAddresses& sources = {}) {
  return AgentElector().elect(config, addresses, sources, MonotonicTime());
}

std::string text_of(const AgentElection& election) {
  return election.address ? election.address->to_string() : "none";
}

std::string winner(const Config& config, const Addresses& addresses, const SourceAddresses& sources = {}) {
  return text_of(elect_agent_address(config, addresses, sources));
}

constexpr auto kExclude = true;

// A host whose addresses change while time passes.
struct Host {
  AgentElector elector;
  Config config;
  Addresses addresses;
  SourceAddresses sources = {};
  MonotonicTime now = {};

  AgentElection elect() { return elector.elect(config, addresses, sources, now); }
  std::string address() { return text_of(elect()); }
  void remove(std::string_view address) {
    std::erase_if(addresses, [&](const InterfaceAddress& at) { return at.address == ip(address); });
  }
};

} // namespace

TEST_CASE("blocks of addresses rank as documented, whatever the order in which the kernel lists them") {
  const Addresses worst_to_best{
      on("eth0", 2, "240.0.0.1"),   on("lo", 1, "::1"),          on("lo", 1, "127.0.0.1"),
      on("eth0", 2, "169.254.7.7"), on("eth0", 2, "fe80::7"),    on("eth0", 2, "2001:db8::1"),
      on("eth0", 2, "192.0.2.1"),   on("eth0", 2, "100.64.0.1"), on("eth0", 2, "fd00::1"),
      on("eth0", 2, "2a00::1"),     on("eth0", 2, "10.0.0.1"),   on("eth0", 2, "193.0.0.1"),
  };
  auto shuffled = worst_to_best;
  std::ranges::shuffle(shuffled, std::mt19937(1));
  const auto election = elect_agent_address({}, shuffled);
  REQUIRE(election.candidates.size() == worst_to_best.size());
  for (std::uint32_t i = 0; i < worst_to_best.size(); ++i) {
    const auto& candidate = election.candidates[worst_to_best.size() - 1 - i];
    CHECK(candidate.at == worst_to_best[i]);
    CHECK(candidate.rank == i + 1);
  }
  CHECK(election.address == ip("193.0.0.1"));
  CHECK(election.device == "eth0");
  CHECK(election.why == "the best: global IPv4; before 10.0.0.1 on eth0: global IPv4 before private IPv4");
}

// The registries of special-purpose addresses; each row is an address at an edge of its block.
TEST_CASE("an address of a special block is no better than one of a LAN") {
  for (const auto* special :
       {"100.64.0.0", "100.127.255.255", "192.0.0.1", "192.0.0.255", "192.0.2.0", "192.0.2.255",
        "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "198.18.0.0", "198.19.255.255",
        "198.51.100.1", "203.0.113.255", "240.0.0.1", "169.254.1.1", "127.0.0.2"}) {
    INFO(special);
    CHECK(winner({}, {on("tailscale0", 2, special), on("br-ex", 3, "10.20.0.11")}) == "10.20.0.11");
  }
  for (const auto* special :
       {"::2", "::ffff:10.0.0.1", "64:ff9b::1", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1",
        "2001:1ff:ffff::1", "2001:db8::1", "2002::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1",
        "fec0::1", "fe80::1", "::1"}) {
    INFO(special);
    CHECK(winner({}, {on("wan0", 2, special), on("br-ex", 3, "fd00::11")}) == "fd00::11");
  }
  for (const auto* global :
       {"100.63.255.255", "100.128.0.0", "192.0.1.1", "192.0.3.0", "198.17.255.255", "198.20.0.0",
        "172.15.255.255", "172.32.0.0", "9.255.255.255", "11.0.0.0", "192.167.255.255", "192.169.0.0"}) {
    INFO(global);
    CHECK(winner({}, {on("wan0", 3, global), on("br-ex", 2, "10.20.0.11")}) == global);
  }
  for (const auto* global : {"2001:200::1", "2001:db9::1", "2003::1", "4000::1", "2a00::1"}) {
    INFO(global);
    CHECK(winner({}, {on("wan0", 3, global), on("br-ex", 2, "fd00::11")}) == global);
  }
}

TEST_CASE("addresses that cannot be a source address never win, even if preferred") {
  for (const auto* address :
       {"0.0.0.0", "0.255.255.255", "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "ff02::1"}) {
    const Config config = with({.agent_device = "eth0", .agent_cidrs = {cidr("0.0.0.0", 0), cidr("::", 0)}});
    CHECK(winner(config, {on("eth0", 2, address)}) == "none");
  }
}

TEST_CASE("the address from which the default gateway is reached wins over bridges of guests that were there "
          "first") {
  const Addresses addresses{on(InterfaceKind::guest_bridge, "docker0", 2, "172.17.0.1"),
                            on(InterfaceKind::guest_bridge, "virbr0", 3, "192.168.122.1"),
                            on("br-ex", 4, "192.168.10.11"), on("bond0.100", 5, "10.100.0.11")};
  CHECK(winner({}, addresses, gateway("192.168.10.11")) == "192.168.10.11");
  CHECK(winner({}, addresses, gateway("10.100.0.11")) == "10.100.0.11");
  const auto election = elect_agent_address({}, addresses, gateway("192.168.10.11"));
  CHECK(election.why ==
        "the best: the default gateway is reached from it, private IPv4; before 10.100.0.11 on bond0.100: "
        "the default gateway is reached from it");
  // Also without any route.
  CHECK(winner({}, addresses) == "192.168.10.11");
}

TEST_CASE("the source of datagrams to the collectors wins over that of the default gateway") {
  const Addresses addresses{on("br-ex", 2, "193.0.0.11"), on("mgmt0", 3, "10.9.0.11")};
  const SourceAddresses sources{.to_collectors = {ip("10.9.0.11")}, .to_gateway = {ip("193.0.0.11")}};
  CHECK(winner({}, addresses, sources) == "10.9.0.11");
}

TEST_CASE(
    "a collector in a container, or on this host, does not make a bridge of guests the host's address") {
  const Addresses addresses{on(InterfaceKind::guest_bridge, "docker0", 2, "172.17.0.1"),
                            on("br-ex", 3, "10.20.0.11"), on(InterfaceKind::pseudo, "lo", 1, "127.0.0.1")};
  CHECK(winner({}, addresses, collectors("172.17.0.1")) == "10.20.0.11");
  CHECK(winner({}, addresses, collectors("127.0.0.1")) == "10.20.0.11");
}

TEST_CASE("a guest may be the host's router") {
  const Addresses addresses{on(InterfaceKind::guest_bridge, "virbr0", 2, "192.168.122.1"),
                            on("storage0", 3, "10.9.0.11")};
  CHECK(winner({}, addresses, gateway("192.168.122.1")) == "192.168.122.1");
}

TEST_CASE("an overlay network counts when the collectors are reached through it") {
  const Addresses addresses{on(InterfaceKind::tunnel, "tailscale0", 2, "100.101.102.103"),
                            on("br-ex", 3, "10.20.0.11")};
  CHECK(winner({}, addresses) == "10.20.0.11");
  CHECK(winner({}, addresses, collectors("100.101.102.103")) == "100.101.102.103");
}

TEST_CASE("of the addresses from which collectors are reached, scope decides, then lifetime, then the kind "
          "of interface") {
  const auto reached = [](Addresses addresses) {
    SourceAddresses sources;
    std::ranges::transform(addresses, std::back_inserter(sources.to_collectors), &InterfaceAddress::address);
    return winner({}, addresses, sources);
  };
  CHECK(reached({on("eth0", 2, "2a00::1"), on("eth1", 3, "10.0.0.1")}) == "10.0.0.1");
  CHECK(reached({on("eth0", 2, "10.0.0.1"), on("eth1", 3, "193.0.0.1")}) == "193.0.0.1");
  CHECK(reached({living(AddressLifetime::dynamic, "eth0", 2, "2a00::1"), on("eth1", 3, "2a00::2")}) ==
        "2a00::2");
  CHECK(reached({on(InterfaceKind::tunnel, "wg0", 2, "10.0.0.1"), on("eth1", 3, "10.0.0.2")}) == "10.0.0.2");
  CHECK(reached({on(InterfaceKind::pseudo, "dummy0", 2, "10.0.0.1"), on("eth1", 3, "10.0.0.2")}) ==
        "10.0.0.2");
}

// RFC 6724, section 5, rule 3, and RFC 8981: a temporary address is for connections, not for identities.
TEST_CASE(
    "deprecated and temporary addresses are a last resort, and one that is checked for duplicates is none") {
  const auto permanent = on("eth1", 3, "fd00::2");
  for (const auto lifetime : {AddressLifetime::deprecated, AddressLifetime::temporary}) {
    CHECK(winner({}, {living(lifetime, "eth0", 2, "2a00::1"), permanent}, gateway("2a00::1")) == "fd00::2");
    CHECK(winner({}, {living(lifetime, "eth0", 2, "2a00::1")}) == "2a00::1");
  }
  CHECK(winner({}, {living(AddressLifetime::tentative, "eth0", 2, "2a00::1"), permanent}) == "fd00::2");
  CHECK(winner({}, {living(AddressLifetime::tentative, "eth0", 2, "2a00::1")}) == "none");
}

TEST_CASE("a gap of less than a minute changes nothing, and a longer one elects another address") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on(InterfaceKind::guest_bridge, "virbr0", 2, "192.168.122.1"),
                          on("br-ex", 3, "192.168.10.11"), on("storage0", 4, "192.168.20.11")},
            .sources = gateway("192.168.10.11")};
  CHECK(host.address() == "192.168.10.11");
  CHECK_FALSE(host.elector.due());
  host.remove("192.168.10.11");
  host.sources = {};
  host.now += 10s;
  CHECK(host.address() == "192.168.10.11");
  CHECK(host.elect().device == "br-ex");
  CHECK(host.elect().why ==
        "elected before; no interface that is up has it now, and another is elected after 60 s without it");
  REQUIRE(host.elector.due());
  CHECK(*host.elector.due() == host.now + kAgentGap);
  host.now += 59s;
  CHECK(host.address() == "192.168.10.11");
  SECTION("it comes back, and the next gap is a new one") {
    host.addresses.push_back(on("br-ex", 3, "192.168.10.11"));
    CHECK(host.address() == "192.168.10.11");
    CHECK_FALSE(host.elector.due());
    host.remove("192.168.10.11");
    host.now += 30s;
    CHECK(host.address() == "192.168.10.11");
  }
  SECTION("it does not come back") {
    host.now += 1s;
    CHECK(host.address() == "192.168.20.11");
    CHECK_FALSE(host.elector.due());
  }
  SECTION("only bridges of guests are left: the host keeps its name") {
    host.remove("192.168.20.11");
    host.now += 1h;
    CHECK(host.address() == "192.168.10.11");
    CHECK_FALSE(host.elector.due());
  }
}

TEST_CASE("an interface that goes down is a gap, too") {
  Host host{
      .elector = {}, .config = {}, .addresses = {on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.0.0.1")}};
  CHECK(host.address() == "193.0.0.1");
  host.addresses[0].up = false;
  CHECK(host.address() == "193.0.0.1");
  host.now += kAgentGap;
  CHECK(host.address() == "10.0.0.1");
}

TEST_CASE("an address that takes the place of another one on its device is taken at once") {
  Host host{.elector = {}, .config = {}, .addresses = {on("eth0", 2, "10.0.0.1"), on("eth1", 3, "10.0.0.2")}};
  CHECK(host.address() == "10.0.0.1");
  SECTION("another address of the same family") {
    host.addresses[0] = on("eth0", 2, "10.0.0.7");
    CHECK(host.address() == "10.0.0.7");
    CHECK(host.elect().device == "eth0");
  }
  SECTION("but not one of another family, which comes first when an interface is restarted") {
    host.addresses[0] = on("eth0", 2, "2a00::1");
    CHECK(host.address() == "10.0.0.1");
  }
  SECTION("nor a last resort") {
    host.addresses[0] = on("eth0", 2, "169.254.1.1");
    CHECK(host.address() == "10.0.0.1");
  }
  SECTION("nor one that it had all the time") {
    host.addresses.push_back(on("eth0", 2, "10.0.0.9"));
    CHECK(host.address() == "10.0.0.1");
    host.remove("10.0.0.1");
    CHECK(host.address() == "10.0.0.1");
  }
}

TEST_CASE("a better newcomer does not replace an address from which the collectors were ever reached") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on("br-ex", 2, "10.20.0.11")},
            .sources = both("10.20.0.11")};
  CHECK(host.address() == "10.20.0.11");
  CHECK(host.elector.settled());
  host.addresses.push_back(on("wan0", 3, "193.0.0.1"));
  CHECK(host.address() == "10.20.0.11");
  host.sources = both("193.0.0.1"); // a VPN that takes the default route
  CHECK(host.address() == "10.20.0.11");
  CHECK(host.elect().why == "elected before, and still there: private IPv4");
}

TEST_CASE("a host whose collectors become known later has the address that reaches them, and then keeps it") {
  Host host{
      .elector = {},
      .config = {},
      .addresses = {on("wan0", 2, "193.0.0.1"), on("mgmt0", 3, "10.9.0.11"), on("other0", 4, "10.8.0.11")},
      .sources = gateway("193.0.0.1")};
  CHECK(host.address() == "193.0.0.1");
  CHECK_FALSE(host.elector.settled());
  host.sources = {.to_collectors = {ip("10.9.0.11")}, .to_gateway = {ip("193.0.0.1")}};
  CHECK(host.address() == "10.9.0.11");
  CHECK(host.elector.settled());
  host.sources.to_collectors = {ip("10.8.0.11")}; // others
  CHECK(host.address() == "10.9.0.11");
  AgentElector restarted;
  restarted.remember(*host.elector.elected());
  CHECK(text_of(restarted.elect({}, host.addresses, host.sources, host.now)) == "10.9.0.11");
}

TEST_CASE("a host whose collectors are all local is settled by its gateway") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on("br-ex", 2, "10.20.0.11")},
            .sources = {.to_gateway = {ip("10.20.0.11")}, .collectors_are_local = true}};
  CHECK(host.address() == "10.20.0.11");
  CHECK(host.elector.settled());
}

TEST_CASE("an elected address whose device loses the configured name gives way to the one that has it now") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on("mgmt0", 2, "10.9.0.11"), on("br-ex", 3, "10.20.0.11")},
            .sources = both("10.9.0.11")};
  host.config.agent_device = "mgmt0";
  CHECK(host.address() == "10.9.0.11");
  host.addresses[0].device = "eth7";
  CHECK(host.address() == "10.9.0.11");
  host.addresses[1].device = "mgmt0";
  CHECK(host.address() == "10.20.0.11");
}

TEST_CASE("a collector in a container names no host after a bridge of guests, whatever else it has, and "
          "however long") {
  const auto docker0 = on(InterfaceKind::guest_bridge, "docker0", 2, "172.17.0.1");
  CHECK(winner({}, {docker0, on("br-ex", 3, "2a00::11")}, collectors("172.17.0.1")) == "2a00::11");
  Host host{.elector = {},
            .config = {},
            .addresses = {docker0, on("br-ex", 3, "10.20.0.11")},
            .sources = {.to_collectors = {ip("172.17.0.1")}, .to_gateway = {ip("10.20.0.11")}}};
  CHECK(host.address() == "10.20.0.11");
  host.remove("10.20.0.11");
  host.sources.to_gateway.clear();
  CHECK(host.address() == "10.20.0.11");
  host.now += 1h;
  CHECK(host.address() == "10.20.0.11");
}

TEST_CASE("an address that comes during a gap does not take the place of the one that will be back") {
  Host host{.elector = {}, .config = {}, .addresses = {on("br-ex", 2, "10.20.0.11")}};
  CHECK(host.address() == "10.20.0.11");
  host.remove("10.20.0.11");
  CHECK(host.address() == "10.20.0.11");
  host.addresses.push_back(on("br-ex", 2, "10.20.0.99")); // of keepalived
  CHECK(host.address() == "10.20.0.11");
  host.addresses.push_back(on("br-ex", 2, "10.20.0.11"));
  host.now += 3s;
  CHECK(host.address() == "10.20.0.11");
}

TEST_CASE("the minute begins when there is one to replace the missing address") {
  Host host{.elector = {}, .config = {}, .addresses = {on("br-ex", 2, "10.20.0.11")}};
  CHECK(host.address() == "10.20.0.11");
  host.addresses.clear();
  host.now += 10min;
  CHECK(host.address() == "10.20.0.11");
  host.addresses.push_back(on("storage0", 3, "10.9.0.11"));
  CHECK(host.address() == "10.20.0.11");
  host.now += 59s;
  CHECK(host.address() == "10.20.0.11");
  host.now += 1s;
  CHECK(host.address() == "10.9.0.11");
}

TEST_CASE("the stable address beside a temporary one, from which the kernel sends, identifies the host") {
  const Addresses addresses{
      on("storage0", 2, "10.9.0.11"), living(AddressLifetime::temporary, "br-ex", 3, "2a00::7e3f"),
      living(AddressLifetime::dynamic, "br-ex", 3, "2a00::11"), on("br-ex", 3, "fe80::11")};
  CHECK(winner({}, addresses, gateway("2a00::7e3f")) == "2a00::11");
}

TEST_CASE("what is elected before there is a route is replaced once by what the collectors or the gateway "
          "are reached from") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on(InterfaceKind::guest_bridge, "docker0", 2, "172.17.0.1")}};
  CHECK(host.address() == "172.17.0.1");
  host.addresses.push_back(on("storage0", 3, "10.9.0.11"));
  CHECK(host.address() == "10.9.0.11");
  host.addresses.push_back(on("br-ex", 4, "192.168.10.11"));
  CHECK(host.address() == "10.9.0.11");
  host.sources = gateway("192.168.10.11");
  CHECK(host.address() == "192.168.10.11");
  host.sources = gateway("10.9.0.11");
  CHECK(host.address() == "192.168.10.11");
}

TEST_CASE("an elected address is kept across a restart, also while it is missing") {
  Host host{
      .elector = {}, .config = {}, .addresses = {on("wan0", 2, "193.0.0.1"), on("br-ex", 3, "10.20.0.11")}};
  host.elector.remember({.address = ip("10.20.0.11"),
                         .device = "br-ex",
                         .grade = AgentGrade::ordinary,
                         .knew_collectors = false,
                         .rule = ""});
  CHECK(host.address() == "10.20.0.11");
  Host early{.elector = {}, .config = {}, .addresses = {on("lo", 1, "127.0.0.1")}};
  early.elector.remember({.address = ip("10.20.0.11"),
                          .device = "br-ex",
                          .grade = AgentGrade::ordinary,
                          .knew_collectors = false,
                          .rule = ""});
  CHECK(early.address() == "10.20.0.11");
  CHECK(early.elect().device == "br-ex");
}

TEST_CASE(
    "what the configuration prefers replaces an elected address at once, and so does another configuration") {
  Host host{.elector = {},
            .config = with({.agent_device = "eth1"}),
            .addresses = {on("eth0", 2, "10.0.0.1")},
            .sources = gateway("10.0.0.1")};
  CHECK(host.address() == "10.0.0.1");
  host.addresses.push_back(on("eth1", 3, "10.1.0.1"));
  CHECK(host.address() == "10.1.0.1");
  host.config = {};
  CHECK(host.address() == "10.0.0.1");
  host.config = with({.agent_cidrs = {cidr("10.1.0.0", 16)}});
  CHECK(host.address() == "10.1.0.1");
  host.config = with({.agent_ip = ip("193.0.0.9")});
  CHECK(host.address() == "193.0.0.9");
  CHECK_FALSE(host.elector.elected());
}

TEST_CASE("agent.cidr raises any kind of address above the best kind, earlier prefixes more") {
  const Addresses addresses{on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.1.0.1"), on("lo", 1, "127.0.0.1"),
                            on("eth2", 4, "fe80::2")};
  CHECK(winner(with({.agent_cidrs = {cidr("127.0.0.0", 8)}}), addresses) == "127.0.0.1");
  CHECK(winner(with({.agent_cidrs = {cidr("fe80::", 10)}}), addresses) == "fe80::2");
  CHECK(winner(with({.agent_cidrs = {cidr("127.0.0.0", 8), cidr("10.0.0.0", 8)}}), addresses) == "127.0.0.1");
  CHECK(winner(with({.agent_cidrs = {cidr("10.0.0.0", 8), cidr("127.0.0.0", 8)}}), addresses) == "10.1.0.1");
  CHECK(winner(with({.agent_cidrs = {cidr("172.16.0.0", 12)}}), addresses) == "193.0.0.1");
}

TEST_CASE("of several matching prefixes, the first one counts") {
  const Config config =
      with({.agent_cidrs = {cidr("10.1.0.0", 16), cidr("10.0.0.0", 8), cidr("193.0.0.0", 24)}});
  const auto election =
      elect_agent_address(config, Addresses{on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.1.0.1")});
  CHECK(election.address == ip("10.1.0.1"));
  REQUIRE(election.candidates.size() == 2);
  CHECK(election.candidates[0].rank == 2);
  CHECK(election.candidates[0].reason == "private IPv4, in agent.cidr 10.1.0.0/16");
  CHECK(election.candidates[1].rank == 1);
}

TEST_CASE("a prefix is compared bit by bit, and only with addresses of its family") {
  // Against an address that is better without the prefix.
  const auto preferred = [](const AgentCidr& prefix, std::string_view address) {
    return winner(with({.agent_cidrs = {prefix}}), {on("eth0", 2, address), on("eth1", 3, "193.0.0.1")}) ==
           address;
  };
  CHECK(preferred(cidr("10.0.2.128", 25), "10.0.2.128"));
  CHECK_FALSE(preferred(cidr("10.0.2.128", 25), "10.0.2.127"));
  CHECK(preferred(cidr("2a00:db8::", 33), "2a00:db8:7fff::1"));
  CHECK_FALSE(preferred(cidr("2a00:db8::", 33), "2a00:db8:8000::1"));
  CHECK(preferred(cidr("10.0.2.1", 32), "10.0.2.1"));
  CHECK_FALSE(preferred(cidr("::", 0), "10.0.2.1"));
  CHECK_FALSE(preferred(cidr("0.0.0.0", 0), "2a00::1"));
}

TEST_CASE("an excluded address never wins, even alone, on the agent device, or in another agent.cidr") {
  const Addresses alone{on("eth0", 2, "10.1.0.1")};
  CHECK(winner(with({.agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}), alone) == "none");
  CHECK(winner(with({.agent_device = "eth0", .agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}), alone) ==
        "none");
  CHECK(winner(with({.agent_cidrs = {cidr("10.1.0.0", 16), cidr("10.0.0.0", 8, kExclude)}}), alone) ==
        "none");
  const auto election = elect_agent_address(
      with({.agent_cidrs = {cidr("10.0.0.0", 8, kExclude)}}),
      Addresses{on("eth0", 2, "10.1.0.1"), on("lo", 1, "127.0.0.1"), on("eth1", 3, "fe80::3")});
  CHECK(election.address == ip("fe80::3"));
  REQUIRE(election.candidates.size() == 3);
  CHECK(election.candidates.back().reason == "excluded by agent.cidr !10.0.0.0/8");
}

TEST_CASE("the agent device raises all its addresses, and may be given by an alias or a label") {
  Addresses addresses{on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.1.0.1"), on("eth1", 3, "fe80::3")};
  const auto election = elect_agent_address(with({.agent_device = "eth1"}), addresses);
  CHECK(election.address == ip("10.1.0.1"));
  REQUIRE(election.candidates.size() == 3);
  CHECK(election.candidates[1].at.address == ip("fe80::3"));
  CHECK(election.candidates[0].reason == "private IPv4, on the agent device eth1");
  addresses[2].aliases = {"uplink", "eth1:7"};
  CHECK(winner(with({.agent_device = "uplink"}), addresses) == "fe80::3");
  CHECK(winner(with({.agent_device = "eth1:7"}), addresses) == "fe80::3");
}

TEST_CASE("an agent device without an address is reported and does not stop the election") {
  const auto election =
      elect_agent_address(with({.agent_device = "eth7"}), Addresses{on("eth0", 2, "193.0.0.1")});
  CHECK(election.address == ip("193.0.0.1"));
  CHECK(election.why == "the best: global IPv4; no address is on the agent device eth7");
}

TEST_CASE("the first agent.cidr of two outweighs the agent device, and a single one is its equal") {
  const Addresses addresses{on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.1.0.1")};
  const Config two =
      with({.agent_device = "eth0", .agent_cidrs = {cidr("10.0.0.0", 8), cidr("172.16.0.0", 12)}});
  CHECK(winner(two, addresses) == "10.1.0.1");
  CHECK(winner(with({.agent_device = "eth0", .agent_cidrs = {cidr("10.0.0.0", 8)}}), addresses) ==
        "193.0.0.1");
}

TEST_CASE("agentIP wins over everything") {
  const Addresses addresses{on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.1.0.1")};
  const Config config = with({.agent_ip = ip("10.1.0.1"),
                              .agent_device = "eth0",
                              .agent_cidrs = {cidr("193.0.0.0", 24), cidr("10.0.0.0", 8, kExclude)}});
  const auto election = elect_agent_address(config, addresses);
  CHECK(election.address == ip("10.1.0.1"));
  CHECK(election.device == "eth1");
  CHECK(election.why == "agentIP is set");
}

TEST_CASE(
    "agentIP need not be an address of this host, and the device is then the one that is most likely meant") {
  const Addresses addresses{on("eth0", 2, "193.0.0.1"), on("eth1", 3, "10.1.0.1")};
  const auto election = elect_agent_address(with({.agent_ip = ip("198.51.100.9")}), addresses);
  CHECK(election.address == ip("198.51.100.9"));
  CHECK(election.device == "eth0");
  CHECK(election.why == "agentIP is set, though no interface has that address");
  CHECK(
      elect_agent_address(with({.agent_ip = ip("198.51.100.9"), .agent_device = "eth1"}), addresses).device ==
      "eth1");
  CHECK(elect_agent_address(with({.agent_ip = ip("198.51.100.9")}), {}).device.empty());
}

TEST_CASE("of equal ranks, the lowest ifIndex wins") {
  const auto election = elect_agent_address({}, {on("eth1", 3, "2a00::2"), on("eth0", 2, "2a00::3")});
  CHECK(election.address == ip("2a00::3"));
  CHECK(election.why == "the best: global IPv6; before 2a00::2 on eth1: the lower ifIndex");
}

TEST_CASE("of equal ranks on one device, the lowest address wins, whatever the order") {
  Addresses addresses{on("eth0", 2, "193.0.0.9"), on("eth0", 2, "193.0.0.1")};
  CHECK(winner({}, addresses) == "193.0.0.1");
  std::ranges::reverse(addresses);
  const auto election = elect_agent_address({}, addresses);
  CHECK(election.address == ip("193.0.0.1"));
  CHECK(election.why == "the best: global IPv4; before 193.0.0.9 on eth0: the lower address");
}

TEST_CASE("an interface that is down is not a candidate") {
  auto down = on("eth0", 2, "193.0.0.1");
  down.up = false;
  const auto election =
      elect_agent_address(with({.agent_device = "eth0"}), Addresses{down, on("lo", 1, "::1")});
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
                            Addresses{on("eth0", 2, "10.0.0.1")})
            .why == "no interface that is up has a usable address that agent.cidr does not exclude");
}

TEST_CASE("the text of an election has every candidate, its rank and the winner") {
  auto down = on("wan", 4, "203.0.113.1");
  down.up = false;
  const Addresses addresses{on("lo", 1, "127.0.0.1"), on("eth0", 2, "193.0.0.1"), down,
                            on("br-int", 3, "10.1.0.1")};
  CHECK(
      election_text(
          elect_agent_address(with({.agent_cidrs = {cidr("127.0.0.0", 8, kExclude)}}), addresses)) ==
      "193.0.0.1 on eth0: the best: global IPv4; before 10.1.0.1 on br-int: global IPv4 before private IPv4\n"
      "* rank   2  193.0.0.1    eth0    global IPv4\n"
      "  rank   1  10.1.0.1     br-int  private IPv4\n"
      "  rank   0  127.0.0.1    lo      excluded by agent.cidr !127.0.0.0/8\n"
      "  rank   0  203.0.113.1  wan     the interface is down\n");
  CHECK(election_text(elect_agent_address({}, {})) == "none: no interface that is up has a usable address\n");
  CHECK(election_text(elect_agent_address(with({.agent_ip = ip("193.0.0.7")}), {})) ==
        "193.0.0.7 on no device: agentIP is set, though no interface has that address\n");
}

TEST_CASE("an address that only the former configuration preferred is given up") {
  Host host{.elector = {},
            .config = with({.agent_device = "eth1"}),
            .addresses = {on("eth0", 2, "10.0.0.1"), on("eth1", 3, "10.1.0.1")}};
  CHECK(host.address() == "10.1.0.1");
  host.config = {};
  CHECK(host.address() == "10.0.0.1");
}

TEST_CASE("an elected address stays however often the election is repeated") {
  Host host{.elector = {},
            .config = with({.agent_cidrs = {cidr("0.0.0.0", 0)}}),
            .addresses = {on("br-ex", 2, "10.20.0.11")}};
  CHECK(host.address() == "10.20.0.11");
  CHECK(host.elect().why == "the best: private IPv4, in agent.cidr 0.0.0.0/0");
  host.addresses.push_back(on("wan0", 3, "193.0.0.1"));
  CHECK(host.address() == "10.20.0.11");
}

TEST_CASE("an elected address that becomes as good as a newcomer stays") {
  Host host{.elector = {}, .config = {}, .addresses = {on("br-ex", 2, "10.20.0.11")}};
  CHECK(host.address() == "10.20.0.11");
  host.addresses.push_back(on("wan0", 3, "193.0.0.1"));
  host.sources.to_gateway = {ip("10.20.0.11"), ip("193.0.0.1")};
  CHECK(host.address() == "10.20.0.11");
}

TEST_CASE("an address is settled when the gateway was reached from it while collectors were known") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on("storage0", 2, "10.9.0.11"), on("mgmt0", 4, "10.8.0.11")},
            .sources = collectors("10.7.0.11")}; // which is no address of the host now
  CHECK(host.address() == "10.9.0.11");
  CHECK_FALSE(host.elector.settled());
  host.addresses.push_back(on("br-ex", 3, "10.20.0.11"));
  host.sources.to_gateway = {ip("10.20.0.11")};
  CHECK(host.address() == "10.20.0.11");
  CHECK(host.elector.settled());
  host.sources.to_collectors.clear();
  CHECK(host.address() == "10.20.0.11");
  CHECK(host.elector.settled());
  host.sources.to_collectors = {ip("10.8.0.11")};
  CHECK(host.address() == "10.20.0.11");
}

TEST_CASE("a last resort is replaced by another last resort") {
  Host host{.elector = {},
            .config = {},
            .addresses = {on(InterfaceKind::guest_bridge, "docker0", 2, "172.17.0.1"),
                          on(InterfaceKind::guest_bridge, "virbr0", 3, "192.168.122.1")}};
  CHECK(host.address() == "172.17.0.1");
  host.remove("172.17.0.1");
  CHECK(host.address() == "172.17.0.1");
  host.now += kAgentGap;
  CHECK(host.address() == "192.168.122.1");
}

TEST_CASE("the minute begins anew when the one to replace the missing address was away, too") {
  const auto storage = on("storage0", 3, "10.9.0.11");
  Host host{.elector = {}, .config = {}, .addresses = {on("br-ex", 2, "10.20.0.11"), storage}};
  CHECK(host.address() == "10.20.0.11");
  host.remove("10.20.0.11");
  CHECK(host.address() == "10.20.0.11");
  host.addresses.clear();
  host.now += 30s;
  CHECK(host.address() == "10.20.0.11");
  host.addresses.push_back(storage);
  host.now += 10s;
  CHECK(host.address() == "10.20.0.11");
  host.now += 59s;
  CHECK(host.address() == "10.20.0.11");
  host.now += 1s;
  CHECK(host.address() == "10.9.0.11");
}

TEST_CASE("nothing on another device, and nothing that the configuration prefers less, takes the place of an "
          "address") {
  Host host{.elector = {},
            .config = with({.agent_cidrs = {cidr("10.1.0.0", 16)}}),
            .addresses = {on("eth0", 2, "10.1.0.1")}};
  CHECK(host.address() == "10.1.0.1");
  SECTION("another device") {
    host.addresses = {on("eth1", 3, "10.1.0.7")};
    CHECK(host.address() == "10.1.0.1");
  }
  SECTION("less preferred") {
    host.addresses = {on("eth0", 2, "10.2.0.1")};
    CHECK(host.address() == "10.1.0.1");
  }
}

TEST_CASE("a link-local address is a last resort, even if collectors are reached from it") {
  CHECK(winner({}, {on("eth0", 2, "fe80::2"), on("eth1", 3, "fd00::1")}, collectors("fe80::2")) == "fd00::1");
  CHECK(winner({}, {on("eth0", 2, "169.254.1.1"), on("eth1", 3, "fd00::1")}, collectors("169.254.1.1")) ==
        "fd00::1");
}

TEST_CASE("only a temporary address speaks for another one, and only for IPv6 on its own interface") {
  const auto temporary = living(AddressLifetime::temporary, "br-ex", 3, "2a00::7e3f");
  const auto stable = living(AddressLifetime::dynamic, "br-ex", 3, "2a00::99");
  CHECK(winner({}, {on("br-ex", 3, "2a00::11"), on("br-ex", 3, "2a00::12")}, gateway("2a00::12")) ==
        "2a00::12");
  CHECK(winner({}, {on("storage0", 2, "2a00::11"), temporary, stable}, gateway("2a00::7e3f")) == "2a00::99");
  CHECK(winner({}, {on("br-ex", 3, "10.20.0.11"), temporary, stable}, gateway("2a00::7e3f")) == "2a00::99");
}

TEST_CASE("equally good addresses share a rank") {
  const auto election = elect_agent_address(
      {}, Addresses{on("eth0", 2, "10.0.0.1"), on("eth1", 3, "10.0.0.2"), on("eth2", 4, "193.0.0.1")});
  REQUIRE(election.candidates.size() == 3);
  CHECK(election.candidates[0].rank == 2);
  CHECK(election.candidates[1].rank == 1);
  CHECK(election.candidates[2].rank == 1);
}

TEST_CASE("an agentIP of no interface is on no device if no address can be used") {
  auto down = on("eth0", 2, "10.0.0.1");
  CHECK(elect_agent_address(with({.agent_ip = ip("193.0.0.9")}), {down}).device == "eth0");
  down.up = false;
  CHECK(elect_agent_address(with({.agent_ip = ip("193.0.0.9")}), {down}).device.empty());
}

} // namespace sfa::config_agent_address_test
