#include "sources/adaptors.hpp"

#include "host/fixture_host.hpp"

namespace sfa::sources_adaptors_test {

using namespace sflow;
using namespace sources;
using namespace test;

namespace {

void write_interface(const TemporaryHost& host, unsigned index, std::string_view mac) {
  const std::string directory = fmt::format("sys/class/net/tap{}", index);
  host.write(directory + "/flags", "0x1003\n");
  host.write(directory + "/ifindex", fmt::format("{}\n", index));
  host.write(directory + "/address", mac);
}

std::vector<std::uint32_t> indexes(const HostAdapters& block) {
  std::vector<std::uint32_t> result;
  for (const auto& adapter : block.adapters) {
    result.push_back(adapter.if_index);
  }
  return result;
}

} // namespace

TEST_CASE("the interfaces of a captured host that are up are listed with their MAC addresses") {
  const auto block = read_block<HostAdapters>(*make_adaptors_source(), fixture_host("microvm-6.18"));
  CHECK(block == HostAdapters{{HostAdapter{4, {MacAddress{0x02, 0xfc, 0x00, 0x00, 0x00, 0x01}}}}});
}

TEST_CASE("adapters are in the order of ifIndex, without loopback, InfiniBand and what is down") {
  const auto block = read_block<HostAdapters>(*make_adaptors_source(), fixture_host("bond-vlan-bridge"));
  REQUIRE(indexes(block) == std::vector<std::uint32_t>{2, 3, 6, 7, 8, 10, 11, 13});
  CHECK(block.adapters[5].mac_addresses == std::vector{MacAddress{0xfe, 0x54, 0x00, 0xbb, 0x00, 0x01}});
}

TEST_CASE("of more interfaces than the structure takes, those with the lowest ifIndex are listed") {
  const TemporaryHost host;
  for (unsigned index = 140; index > 100; --index) {
    write_interface(host, index, "fe:54:00:00:00:01\n");
  }
  const auto list = indexes(read_block<HostAdapters>(*make_adaptors_source(), host.root()));
  REQUIRE(list.size() == 32);
  CHECK(list.front() == 101);
  CHECK(list.back() == 132);
}

TEST_CASE("a host whose interfaces are all down has an empty list, and one without sysfs has none") {
  const TemporaryHost host;
  CHECK(is_absent(*make_adaptors_source(), host.root()));
  host.write("sys/class/net/eth0/flags", "0x1002\n");
  CHECK(read_block<HostAdapters>(*make_adaptors_source(), host.root()).adapters.empty());
}

TEST_CASE("an interface that goes while it is read is left out") {
  const TemporaryHost host;
  write_interface(host, 5, "52:54:00:00:00:05\n");
  write_interface(host, 6, "52:54:00:00:00:06\n");
  host.remove("sys/class/net/tap6/ifindex");
  host.write("sys/class/net/bonding_masters", "bond0\n");
  CHECK(indexes(read_block<HostAdapters>(*make_adaptors_source(), host.root())) ==
        std::vector<std::uint32_t>{5});
}

TEST_CASE("loopback is not listed, even with a MAC address") {
  const TemporaryHost host;
  write_interface(host, 1, "52:54:00:00:00:01\n");
  host.write("sys/class/net/tap1/flags", "0x9\n");
  CHECK(read_block<HostAdapters>(*make_adaptors_source(), host.root()).adapters.empty());
}

TEST_CASE("an attribute that is nonsense is a failure that names it") {
  const TemporaryHost host;
  write_interface(host, 5, "52:54:00:00:00:zz\n");
  const auto failed = make_adaptors_source()->read(host.root());
  REQUIRE(!failed);
  CHECK(failed.error().message ==
        "sys/class/net/tap5/address: '52:54:00:00:00:zz' is not a link-layer address");
}

} // namespace sfa::sources_adaptors_test
