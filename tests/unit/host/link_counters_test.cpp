#include "host/link_counters.hpp"

#include "fixture_host.hpp"

namespace sfa::host_link_counters_test {

using namespace host;
using namespace test;

TEST_CASE("columns are found by their names") {
  const auto devices = parse_net_dev("Inter-| Receive | Transmit\n"
                                     " face |packets bytes multicast new drop errs|errs drop packets bytes\n"
                                     " eth0: 1 2 10 3 4 5 6 7 8 9\n");
  REQUIRE(devices);
  CHECK(devices->at("eth0") == LinkCounters{2, 1, 5, 4, 10, 9, 8, 6, 7});
}

TEST_CASE("malformed network statistics are refused") {
  const std::string header =
      "Inter-|   Receive                            |  Transmit\n"
      " face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs "
      "drop fifo colls carrier compressed\n";
  CHECK(parse_net_dev(header).value().empty());
  CHECK(!parse_net_dev(""));
  CHECK(!parse_net_dev("one\ntwo\n"));
  CHECK(!parse_net_dev("x\n face |bytes packets errs|bytes packets errs drop\n"));
  CHECK(!parse_net_dev(header + "eth0: 1 2 3\n"));
  CHECK(!parse_net_dev(header + "eth0 1 0 0 0 0 0 0 0 2 3 0 0 0 0 0 0\n"));
  CHECK(!parse_net_dev(header + ": 1 0 0 0 0 0 0 0 2 3 0 0 0 0 0 0\n"));
  CHECK(!parse_net_dev(header + "eth0: 18446744073709551616 0 0 0 0 0 0 0 2 3 0 0 0 0 0 0\n"));
}

TEST_CASE("proc/net/dev cut short at any byte gives a value or an error") {
  cut_short_at_every_byte("proc/net/dev", parse_net_dev);
}

} // namespace sfa::host_link_counters_test
