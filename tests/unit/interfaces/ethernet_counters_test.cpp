#include "interfaces/ethernet_counters.hpp"

#include <catch2/catch.hpp>

namespace sfa::interfaces_ethernet_counters_test {

using namespace interfaces;
using namespace sflow;

namespace {

using Names = std::vector<std::string>;

std::optional<EthernetCounters> counters(const Names& names) {
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i < names.size(); ++i) {
    values.push_back(100 + i);
  }
  return ethernet_counters(ethernet_columns(names), values);
}

} // namespace

TEST_CASE("a driver's counters are found by name, and those that it does not have stay unknown") {
  // The order and the names of igb.
  const auto block =
      counters({"rx_packets", "tx_packets", "rx_crc_errors", "tx_aborted_errors", "tx_carrier_errors",
                "tx_abort_late_coll", "tx_deferred_ok", "tx_single_coll_ok", "tx_multi_coll_ok",
                "rx_long_length_errors", "rx_align_errors"});
  REQUIRE(block);
  CHECK(*block == EthernetCounters{.dot3_stats_alignment_errors = 110,
                                   .dot3_stats_fcs_errors = 102,
                                   .dot3_stats_single_collision_frames = 107,
                                   .dot3_stats_multiple_collision_frames = 108,
                                   .dot3_stats_deferred_transmissions = 106,
                                   .dot3_stats_late_collisions = 105,
                                   .dot3_stats_excessive_collisions = 103,
                                   .dot3_stats_carrier_sense_errors = 104,
                                   .dot3_stats_frame_too_longs = 109});
}

TEST_CASE("other drivers have other names") {
  const auto mlx5 = counters({"rx_crc_errors_phy", "rx_symbol_err_phy", "rx_oversize_pkts_phy"}).value();
  CHECK(mlx5.dot3_stats_fcs_errors == 100);
  CHECK(mlx5.dot3_stats_symbol_errors == 101);
  CHECK(mlx5.dot3_stats_frame_too_longs == 102);
  const auto i40e = counters({"rx_packets", "port.rx_crc_errors", "port.rx_oversize"}).value();
  CHECK(i40e.dot3_stats_fcs_errors == 101);
  CHECK(i40e.dot3_stats_frame_too_longs == 102);
  CHECK(i40e.dot3_stats_alignment_errors == kUnknown32);
}

TEST_CASE("if a driver has two names for one counter, the first in its list counts") {
  CHECK(counters({"rx_fcs_errors", "rx_crc_errors"}).value().dot3_stats_fcs_errors == 100);
}

TEST_CASE("a driver without any known counter, or whose values do not match its names, has no block") {
  CHECK(!counters({}));
  CHECK(!counters({"rx_queue_0_packets", "rx_queue_0_drops"}));
  const Names names{"x", "rx_crc_errors"};
  CHECK(!ethernet_counters(ethernet_columns(names), std::vector<std::uint64_t>{1}));
  CHECK(!ethernet_counters(ethernet_columns(names), {}));
}

TEST_CASE("a driver's counters wrap at 32 bits") {
  const Names names{"rx_crc_errors"};
  CHECK(ethernet_counters(ethernet_columns(names), std::vector<std::uint64_t>{(1ULL << 32) + 5})
            ->dot3_stats_fcs_errors == 5);
}

} // namespace sfa::interfaces_ethernet_counters_test
