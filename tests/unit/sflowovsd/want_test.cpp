#include "sflowovsd/want.hpp"

#include <catch2/catch.hpp>

namespace sfa::sflowovsd_want_test {

using namespace sflowovsd;

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

TEST_CASE("the row contains the settings") {
  const Want wanted = want(settings(), "3.1.0");
  REQUIRE(wanted.row);
  CHECK(wanted.row->agent == "10.0.0.1");
  CHECK(wanted.row->sampling == 512);
  CHECK(wanted.row->polling == 20);
  CHECK(wanted.row->header == 128);
  CHECK(wanted.row->targets == std::vector<std::string>{"10.0.0.9:6343"});
  CHECK(!wanted.takeover);
}

TEST_CASE("targets are sorted, without duplicates, and IPv6 is in brackets") {
  auto s = settings();
  s.collectors = {{IpAddress::parse("2001:db8::1").value(), 7000},
                  {IpAddress::parse("10.0.0.9").value(), 6343},
                  {IpAddress::parse("10.0.0.9").value(), 6343}};
  CHECK(want(s, "").row->targets == std::vector<std::string>{"10.0.0.9:6343", "[2001:db8::1]:7000"});
}

TEST_CASE("before Open vSwitch 2.10 the agent is a device") {
  CHECK(want(settings(), "2.5.3").row->agent == "eth0");
  CHECK(want(settings(), "2.9.9").row->agent == "eth0");
  CHECK(want(settings(), "2.10.0").row->agent == "10.0.0.1");
  CHECK(want(settings(), "").row->agent == "10.0.0.1");
  CHECK(want(settings(), "weird").row->agent == "10.0.0.1");
  CHECK(want(settings(), "git.master").row->agent == "10.0.0.1");
  auto s = settings();
  s.agent_device.clear();
  CHECK(!want(s, "2.5.3").row->agent);
}

TEST_CASE("counters only is the rarest sampling, because 0 would switch the counters off too") {
  auto s = settings();
  s.sampling = 0;
  CHECK(want(s, "").row->sampling == 4294967295);
}

TEST_CASE("without counters, polling is 0") {
  auto s = settings();
  s.polling = std::chrono::seconds(0);
  CHECK(want(s, "").row->polling == 0);
}

TEST_CASE("sFlow is off without a collector, and without both samples and counters") {
  auto s = settings();
  s.collectors.clear();
  CHECK(!want(s, "").row);
  s = settings();
  s.sampling = 0;
  s.polling = std::chrono::seconds(0);
  CHECK(!want(s, "").row);
}

TEST_CASE(
    "collectors with a network namespace or a device are left out, because Open vSwitch cannot use them") {
  auto s = settings();
  const Collector blue{.address = IpAddress::parse("10.0.0.7").value(), .network_namespace = "blue"};
  const Collector vrf{.address = IpAddress::parse("10.0.0.8").value(), .device = "vrf-mgmt"};
  s.collectors.insert(s.collectors.end(), {blue, vrf});
  const Want some = want(s, "");
  REQUIRE(some.row);
  CHECK(some.row->targets == std::vector<std::string>{"10.0.0.9:6343"});
  CHECK(some.left_out == std::vector<Collector>{blue, vrf});
  s.collectors = {blue, vrf};
  CHECK(!want(s, "").row);
}

} // namespace sfa::sflowovsd_want_test
