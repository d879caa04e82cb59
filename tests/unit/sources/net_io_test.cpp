#include "sources/net_io.hpp"

#include "host/fixture_host.hpp"

namespace sfa::sources_net_io_test {

using namespace host;
using namespace sflow;
using namespace sources;
using namespace test;

namespace {

constexpr std::string_view kHeader =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
    "carrier "
    "compressed\n";

std::string device(std::string_view name, std::uint64_t bytes_in) {
  return fmt::format("{:>6}: {} 1 0 0 0 0 0 0 2 3 0 0 0 0 0 0\n", name, bytes_in);
}

std::vector<std::string> uplinks(std::string_view host) {
  HostInterfaces interfaces;
  std::vector<std::string> names;
  for (const auto* interface : host_uplinks(**interfaces.current(fixture_host(host)))) {
    names.push_back(interface->name);
  }
  return names;
}

void write_nic(const TemporaryHost& host, std::string_view name, unsigned index) {
  const std::string directory = fmt::format("sys/class/net/{}", name);
  host.write(directory + "/device", "");
  host.write(directory + "/flags", "0x1003\n");
  host.write(directory + "/ifindex", fmt::format("{}\n", index));
}

} // namespace

TEST_CASE("the traffic of a captured host is that of its NIC") {
  const auto net = read_block<HostNetIo>(*make_net_io_source(), fixture_host("microvm-6.18"));
  CHECK(net == HostNetIo{.bytes_in = 38091663,
                         .pkts_in = 864,
                         .errs_in = 0,
                         .drops_in = 0,
                         .bytes_out = 44635,
                         .pkts_out = 552,
                         .errs_out = 0,
                         .drops_out = 0});
}

TEST_CASE("what passes a bond, a VLAN, a bridge and a tap on its way to a NIC is counted once") {
  CHECK(uplinks("bond-vlan-bridge") == std::vector<std::string>{"eno1", "eno2", "eno3", "ib0"});
  const auto net = read_block<HostNetIo>(*make_net_io_source(), fixture_host("bond-vlan-bridge"));
  CHECK(net == HostNetIo{.bytes_in = 5000006100,
                         .pkts_in = 4061,
                         .errs_in = 3,
                         .drops_in = 30,
                         .bytes_out = 8000007200,
                         .pkts_out = 5072,
                         .errs_out = 5,
                         .drops_out = 3});
}

TEST_CASE("a Xen dom0 counts its NICs, neither the backends of its guests' nor a function below a NIC") {
  CHECK(uplinks("xen-dom0") == std::vector<std::string>{"eth0", "eth1"});
  const auto net = read_block<HostNetIo>(*make_net_io_source(), fixture_host("xen-dom0"));
  CHECK(net.bytes_in == 1300);
  CHECK(net.pkts_out == 24);
}

TEST_CASE("a device name that touches its first number is read too") {
  const auto net = read_block<HostNetIo>(*make_net_io_source(), fixture_host("kernel-3.10"));
  CHECK(net == HostNetIo{.bytes_in = 1000,
                         .pkts_in = 10,
                         .errs_in = 1,
                         .drops_in = 2,
                         .bytes_out = 2000,
                         .pkts_out = 20,
                         .errs_out = 3,
                         .drops_out = 4});
}

TEST_CASE("a container without a NIC counts the near end of its veth pair, and neither its tunnels nor its "
          "bridge") {
  CHECK(uplinks("container") == std::vector<std::string>{"eth0"});
  const auto net = read_block<HostNetIo>(*make_net_io_source(), fixture_host("container"));
  CHECK(net == HostNetIo{.bytes_in = 777,
                         .pkts_in = 7,
                         .errs_in = 0,
                         .drops_in = 1,
                         .bytes_out = 888,
                         .pkts_out = 8,
                         .errs_out = 0,
                         .drops_out = 2});
}

TEST_CASE("byte counts of NICs use all 64 bits, and packets wrap at 32") {
  const auto net = read_block<HostNetIo>(*make_net_io_source(), fixture_host("arm64"));
  CHECK(net.bytes_in == 18446744073709551615U);
  CHECK(net.pkts_in == 0);
}

TEST_CASE("a host with loopback alone has no host_net_io") {
  const TemporaryHost host;
  host.write("proc/net/dev", std::string(kHeader) + device("lo", 5));
  host.write("sys/class/net/lo/type", "772\n");
  CHECK(is_absent(*make_net_io_source(), host.root()));
  CHECK(is_absent(*make_net_io_source(), fixture_host("multipath-lvm-md")));
}

TEST_CASE("the totals of the NICs do not fall when one leaves or its counters begin again") {
  const TemporaryHost host;
  write_nic(host, "eth0", 2);
  write_nic(host, "eth1", 3);
  host.write("proc/net/dev", std::string(kHeader) + device("eth0", 100) + device("eth1", 50));
  const auto source = make_net_io_source();
  CHECK(read_block<HostNetIo>(*source, host.root()).bytes_in == 150);
  host.write("proc/net/dev", std::string(kHeader) + device("eth0", 10));
  CHECK(read_block<HostNetIo>(*source, host.root()).bytes_in == 160);
  host.write("proc/net/dev", kHeader);
  CHECK(read_block<HostNetIo>(*source, host.root()).bytes_in == 160);
}

TEST_CASE("the totals of the NICs do not move when one is renamed") {
  const TemporaryHost host;
  write_nic(host, "eth0", 2);
  host.write("proc/net/dev", std::string(kHeader) + device("eth0", 100));
  const auto source = make_net_io_source();
  CHECK(read_block<HostNetIo>(*source, host.root()).bytes_in == 100);
  host.remove("sys/class/net/eth0");
  write_nic(host, "uplink", 2);
  host.write("proc/net/dev", std::string(kHeader) + device("uplink", 101));
  CHECK(read_block<HostNetIo>(*source, host.root()).bytes_in == 101);
}

TEST_CASE("network statistics that cannot be read are a failure") {
  const TemporaryHost host;
  host.write("proc/net/dev", "nonsense");
  CHECK(!make_net_io_source()->read(host.root()));
}

} // namespace sfa::sources_net_io_test
