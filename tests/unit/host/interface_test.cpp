#include "host/interface.hpp"

#include "fixture_host.hpp"

namespace sfa::host_interface_test {

using namespace host;
using namespace sflow;
using namespace test;

TEST_CASE("an address that is not a MAC address, or all zero, is left out") {
  CHECK(value_of(parse_mac_address("52:54:00:aa:BB:0c\n")) == MacAddress{0x52, 0x54, 0x00, 0xaa, 0xbb, 0x0c});
  for (const auto* none : {"", "\n", "00:00:00:00:00:00\n", "00:00:00:00\n", "52:54:00:aa:bb:cc:dd\n"}) {
    INFO(none);
    CHECK(!value_of(parse_mac_address(none)));
  }
  CHECK(!parse_mac_address("52:54:0:aa:bb:cc"));
  CHECK(!parse_mac_address("52:54:00:aa:bb:+c"));
}

TEST_CASE("interface flags are hexadecimal, and an ifIndex is at least 1") {
  CHECK(parse_interface_flags("0x1003\n") == 0x1003U);
  CHECK(!parse_interface_flags("1003\n"));
  CHECK(!parse_interface_flags("0x\n"));
  CHECK(!parse_interface_flags("0x100000000\n"));
  CHECK(parse_interface_index("2147483647\n") == 2147483647U);
  CHECK(!parse_interface_index("0\n"));
  CHECK(!parse_interface_index("4294967296\n"));
}

TEST_CASE("the interfaces' attributes cut short at any byte give a value or an error") {
  cut_short_at_every_byte("sys/class/net/lo/flags", parse_interface_flags);
  cut_short_at_every_byte("sys/class/net/lo/address", parse_mac_address);
  cut_short_at_every_byte("sys/class/net/lo/ifindex", parse_interface_index);
}

} // namespace sfa::host_interface_test
