#include "guests/libvirt/domain_stats.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace sfa::libvirt_domain_stats_test {

using namespace guests;

namespace {

virTypedParameter param(const std::string& field, int type) {
  virTypedParameter result{};
  std::strncpy(result.field, field.c_str(), sizeof result.field - 1);
  result.type = type;
  return result;
}
virTypedParameter number(const std::string& field, unsigned long long value) {
  auto result = param(field, VIR_TYPED_PARAM_ULLONG);
  result.value.ul = value;
  return result;
}
virTypedParameter signed_number(const std::string& field, long long value) {
  auto result = param(field, VIR_TYPED_PARAM_LLONG);
  result.value.l = value;
  return result;
}
virTypedParameter count(const std::string& field, unsigned value) {
  auto result = param(field, VIR_TYPED_PARAM_UINT);
  result.value.ui = value;
  return result;
}
// The text must live as long as the parameter.
virTypedParameter text(const std::string& field, char* value) {
  auto result = param(field, VIR_TYPED_PARAM_STRING);
  result.value.s = value;
  return result;
}

struct Names {
  char vnet0[6] = "vnet0";
  char vnet1[6] = "vnet1";
  char vda[4] = "vda";
  char vdb[4] = "vdb";
};

} // namespace

TEST_CASE("NICs have libvirt's counters unchanged: the guest's point of view") {
  Names names;
  const auto nics = nic_stats(
      std::vector{count("net.count", 2), text("net.0.name", names.vnet0), number("net.0.rx.bytes", 1),
                  number("net.0.rx.pkts", 2), number("net.0.rx.errs", 3), number("net.0.rx.drop", 4),
                  number("net.0.tx.bytes", 5), number("net.0.tx.pkts", 6), number("net.0.tx.errs", 7),
                  number("net.0.tx.drop", 8), text("net.1.name", names.vnet1), number("net.1.rx.bytes", 9)});
  CHECK(nics == std::vector<NicStats>{{.name = "vnet0",
                                       .counters = {.rx_bytes = 1,
                                                    .rx_packets = 2,
                                                    .rx_errs = 3,
                                                    .rx_drop = 4,
                                                    .tx_bytes = 5,
                                                    .tx_packets = 6,
                                                    .tx_errs = 7,
                                                    .tx_drop = 8}},
                                      {.name = "vnet1", .counters = {.rx_bytes = 9}}});
}

TEST_CASE("a NIC without counters or without a name is left out") {
  Names names;
  CHECK(nic_stats(std::vector{count("net.count", 1), text("net.0.name", names.vnet0)}).empty());
  CHECK(nic_stats(std::vector{count("net.count", 1), number("net.0.rx.bytes", 1)}).empty());
  CHECK(nic_stats({}).empty());
}

TEST_CASE("every kind of disk has its sizes and counters") {
  Names names;
  const auto disks = disk_stats(std::vector{
      count("block.count", 2), text("block.0.name", names.vda), number("block.0.rd.reqs", 1),
      number("block.0.rd.bytes", 2), number("block.0.rd.times", 99), number("block.0.wr.reqs", 3),
      number("block.0.wr.bytes", 4), number("block.0.allocation", 5), number("block.0.capacity", 6),
      number("block.0.physical", 7), text("block.1.name", names.vdb), number("block.1.rd.bytes", 8),
      number("block.1.errors", 9)});
  REQUIRE(disks);
  CHECK(*disks ==
        std::vector<VmDisk>{
            {.device = "vda",
             .capacity = 6,
             .allocation = 5,
             .physical = 7,
             .counters = VmDiskCounters{.rd_req = 1, .rd_bytes = 2, .wr_req = 3, .wr_bytes = 4}},
            {.device = "vdb", .counters = VmDiskCounters{.rd_bytes = 8, .errs = 9}, .counts_errors = true}});
}

TEST_CASE("disks without QEMU's counters are unknown, but a domain without disks is known to have none") {
  Names names;
  CHECK_FALSE(disk_stats({}));
  CHECK_FALSE(disk_stats(std::vector{count("block.count", 1), text("block.0.name", names.vda)}));
  CHECK_FALSE(disk_stats(
      std::vector{count("block.count", 1), text("block.0.name", names.vda), number("block.0.capacity", 5)}));
  const auto none = disk_stats(std::vector{count("block.count", 0)});
  REQUIRE(none);
  CHECK(none->empty());
}

TEST_CASE("a negative number means unknown") {
  Names names;
  const auto disks =
      disk_stats(std::vector{count("block.count", 1), text("block.0.name", names.vda),
                             signed_number("block.0.rd.bytes", 5), signed_number("block.0.errors", -1)});
  REQUIRE(disks);
  REQUIRE(disks->size() == 1);
  REQUIRE((*disks)[0].counters);
  CHECK((*disks)[0].counters->rd_bytes == 5);
  CHECK_FALSE((*disks)[0].counts_errors);
}

TEST_CASE("invalid statistics are ignored") {
  Names names;
  CHECK(nic_stats(std::vector{number("net.4294967295.rx.bytes", 1), number("net.-1.rx.bytes", 1),
                              number("net.1024.rx.bytes", 1), number("net.", 1), number("net.0", 1),
                              number("net.x.rx.bytes", 1), text("net.0.rx.bytes", names.vda),
                              text("net.0.name", nullptr)})
            .empty());
}

TEST_CASE("a disk is the only one even beside drives without a medium") {
  std::vector<VmDisk> disks{{.device = "sda"}, {.device = "vda", .capacity = 5}};
  CHECK(find_only_disk(disks) == &disks[1]);
  disks[0].capacity = 1;
  CHECK(find_only_disk(disks) == nullptr);
  CHECK(find_only_disk({}) == nullptr);
}

TEST_CASE("every state of a domain becomes a state of sFlow") {
  CHECK(domain_state(VIR_DOMAIN_RUNNING) == 1);
  CHECK(domain_state(VIR_DOMAIN_PAUSED) == 3);
  CHECK(domain_state(VIR_DOMAIN_CRASHED) == 6);
  CHECK(domain_state(VIR_DOMAIN_PMSUSPENDED) == 3);
  CHECK(domain_state(99) == 0);
  CHECK(domain_state(-1) == 0);
}

} // namespace sfa::libvirt_domain_stats_test
