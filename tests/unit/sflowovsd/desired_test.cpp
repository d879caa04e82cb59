#include "sflowovsd/desired.hpp"

#include <catch2/catch.hpp>

using namespace sfa;
using namespace sfa::sflowovsd;

namespace {

Settings settings() {
  Settings result;
  result.sampling = 512;
  result.polling = std::chrono::seconds(20);
  result.agent_ip = IpAddress::parse("10.0.0.1").value();
  result.agent_device = "eth0";
  result.collectors = {{.address = IpAddress::parse("10.0.0.9").value()}};
  return result;
}

} // namespace

TEST_CASE("the row carries what the settings say") {
  const Goal goal = desired(settings(), "3.1.0");
  REQUIRE(goal.row);
  CHECK(goal.row->agent == "10.0.0.1");
  CHECK(goal.row->sampling == 512);
  CHECK(goal.row->polling == 20);
  CHECK(goal.row->header == 128);
  CHECK(goal.row->targets == std::vector<std::string>{"10.0.0.9:6343"});
  CHECK(!goal.takeover);
}

TEST_CASE("IPv6 targets are bracketed, sorted with the others and not repeated") {
  auto s = settings();
  s.collectors = {{IpAddress::parse("2001:db8::1").value(), 7000},
                  {IpAddress::parse("10.0.0.9").value(), 6343},
                  {IpAddress::parse("10.0.0.9").value(), 6343}};
  CHECK(desired(s, "").row->targets == std::vector<std::string>{"10.0.0.9:6343", "[2001:db8::1]:7000"});
}

TEST_CASE("before Open vSwitch 2.10 the agent is a device") {
  CHECK(desired(settings(), "2.5.3").row->agent == "eth0");
  CHECK(desired(settings(), "2.9.9").row->agent == "eth0");
  CHECK(desired(settings(), "2.10.0").row->agent == "10.0.0.1");
  CHECK(desired(settings(), "").row->agent == "10.0.0.1");
  CHECK(desired(settings(), "weird").row->agent == "10.0.0.1");
  auto s = settings();
  s.agent_device.clear();
  CHECK(!desired(s, "2.5.3").row->agent);
}

TEST_CASE("counters only is the rarest sampling, because 0 switches the counters off too") {
  auto s = settings();
  s.sampling = 0;
  CHECK(desired(s, "").row->sampling == 4294967295);
}

TEST_CASE("packet samples only keeps a polling of 0") {
  auto s = settings();
  s.polling = std::chrono::seconds(0);
  CHECK(desired(s, "").row->polling == 0);
}

TEST_CASE("no collector, or neither samples nor counters, is off") {
  auto s = settings();
  s.collectors.clear();
  CHECK(!desired(s, "").row);
  s = settings();
  s.sampling = 0;
  s.polling = std::chrono::seconds(0);
  CHECK(!desired(s, "").row);
}

TEST_CASE(
    "a collector in another network namespace or behind a device is no target, because OVS cannot bind") {
  auto s = settings();
  const Collector blue{.address = IpAddress::parse("10.0.0.7").value(), .network_namespace = "blue"};
  const Collector vrf{.address = IpAddress::parse("10.0.0.8").value(), .device = "vrf-mgmt"};
  s.collectors.insert(s.collectors.end(), {blue, vrf});
  const Goal some = desired(s, "");
  REQUIRE(some.row);
  CHECK(some.row->targets == std::vector<std::string>{"10.0.0.9:6343"});
  CHECK(some.left_out == std::vector<Collector>{blue, vrf});
  s.collectors = {blue, vrf};
  CHECK(!desired(s, "").row);
}
