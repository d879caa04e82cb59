// The source with a simulated hypervisor and xenstored. tests/vm tests it with the real ones.
#include "guests/xen/xen_source.hpp"

#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace sfa::xen_source_test {

using namespace guests;
using namespace sflow;
using namespace test;

namespace {

constexpr std::uint64_t kDiskSectors = 65536;
constexpr std::chrono::seconds kDeadline{10};

// A dom0 with two domains, as in tests/vm/xen_bed.py.
struct Dom0 {
  TemporaryHost host;
  std::vector<XenDomain> domains;
  std::map<std::string, std::string> keys;
  std::shared_future<void> hang; // if valid, xenstored answers only when it is ready
  bool xenstored = true;
  // Long, so that a busy host does not make xenstored seem to hang.
  std::chrono::milliseconds patience = kDeadline;
  int connections = 0;

  Dom0() {
    add_domain(0, 0);
    add_domain(1, 0xa1);
    add_domain(2, 0xb2);
    write_net_dev("vif1.0: 100 1 2 3 0 0 0 0 2000 20 4 5 0 0 0 0\n"
                  "vif2.0: 7 7 0 0 0 0 0 0 70 7 0 0 0 0 0 0\n"
                  "vif2.1: 8 8 0 0 0 0 0 0 80 8 0 0 0 0 0 0\n");
    add_vif(1, 0, 6, "00:16:3e:00:00:11");
    add_vif(2, 0, 7, "00:16:3e:00:00:12");
    add_vif(2, 1, 8, "00:16:3e:00:00:22");
    add_vbd(1, "51712", "7:0", 139, 16344, 34, 2240);
    host.write("sys/dev/block/7:0/size", std::to_string(kDiskSectors) + "\n");
    keys["/local/domain/1/name"] = "vm1";
    keys["/local/domain/2/name"] = "vm2";
    keys["/vm/a1000000-0000-0000-0000-000000000000/image/ostype"] = "linux";
    keys["/vm/b2000000-0000-0000-0000-000000000000/image/ostype"] = "hvm";
  }

  void add_domain(std::uint32_t id, std::uint8_t uuid) {
    domains.push_back({.id = id,
                       .uuid = {uuid},
                       .cpu_time_ns = 5'000'000'000,
                       .cpus = 1,
                       .pages = 24576,
                       .max_pages = 24832});
  }
  void add_vif(int domain, int vif, int if_index, const std::string& mac) {
    const auto name = fmt::format("vif{}.{}", domain, vif);
    host.write(fmt::format("sys/bus/xen-backend/devices/vif-{}-{}/net/{}/x", domain, vif, name), "");
    host.write(fmt::format("sys/class/net/{}/ifindex", name), std::to_string(if_index) + "\n");
    keys[fmt::format("/local/domain/0/backend/vif/{}/{}/mac", domain, vif)] = mac;
  }
  void add_vbd(int domain, const std::string& vbd, const std::string& device, int rd_req, int rd_sect,
               int wr_req, int wr_sect) const {
    const auto directory = fmt::format("sys/bus/xen-backend/devices/vbd-{}-{}", domain, vbd);
    host.write(directory + "/physical_device", device + "\n");
    host.write(directory + "/statistics/rd_req", std::to_string(rd_req));
    host.write(directory + "/statistics/rd_sect", std::to_string(rd_sect));
    host.write(directory + "/statistics/wr_req", std::to_string(wr_req));
    host.write(directory + "/statistics/wr_sect", std::to_string(wr_sect));
  }
  void write_net_dev(const std::string& devices) const {
    host.write("proc/net/dev",
               "Inter-|   Receive                                                |  Transmit\n"
               " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
               "fifo colls carrier compressed\n" +
                   devices);
  }

  std::unique_ptr<VmSource> source(VmSourceOptions options = {}) {
    options.root = host.root();
    return make_xen_source(options,
                           {.domains = [this]() -> Result<std::vector<XenDomain>> { return domains; },
                            .machine = []() -> Result<XenMachine> { return XenMachine{}; },
                            .xenstore = [this]() -> XenCalls::ReadKey {
                              ++connections;
                              return [keys = keys, hang = hang, up = xenstored](
                                         const std::string& path) -> Result<std::optional<std::string>> {
                                if (hang.valid()) {
                                  hang.wait();
                                }
                                if (!up) {
                                  return failure("xenstored: gone");
                                }
                                const auto found = keys.find(path);
                                return found == keys.end() ? std::nullopt : std::optional(found->second);
                              };
                            },
                            .watch = {},
                            .machine_name = "x86_64",
                            .patience = patience});
  }
};

std::vector<VmReading> read_all(VmSource& source) {
  return value_of(source.read(value_of(source.list()).vms));
}

} // namespace

TEST_CASE("Xen's domains except dom0 are listed and read") {
  Dom0 dom0;
  const auto source = dom0.source();
  const auto vms = read_all(*source);
  REQUIRE(vms.size() == 2);
  const auto& vm1 = vms[0];
  CHECK(vm1.name == "vm1");
  CHECK(vm1.uuid == Uuid{0xa1});
  CHECK(vm1.machine_type == 3);
  CHECK(vm1.os_name == 2);
  CHECK(vm1.cpu->time_ns == 5'000'000'000);
  CHECK(vm1.problem.empty());
  CHECK(vm1.disks ==
        std::vector<VmDisk>{
            {.device = "51712",
             .capacity = kDiskSectors * 512,
             .allocation = kDiskSectors * 512,
             .physical = kDiskSectors * 512,
             .counters = VmDiskCounters{
                 .rd_req = 139, .rd_bytes = 16344 * 512, .wr_req = 34, .wr_bytes = 2240 * 512}}});
  const auto& vm2 = vms[1];
  CHECK(vm2.os_name == 0);
  REQUIRE(vm2.nics.size() == 2);
  CHECK(vm2.nics[1].device == "vif2.1");
  CHECK(vm2.nics[1].if_index == 8);
  CHECK(vm2.nics[1].mac == MacAddress{0, 0x16, 0x3e, 0, 0, 0x22});
}

TEST_CASE("a vif received what the guest sent") {
  Dom0 dom0;
  const auto vms = read_all(*dom0.source());
  REQUIRE(vms.size() == 2);
  REQUIRE(vms[0].nics.size() == 1);
  CHECK(vms[0].nics[0].counters == VmNicCounters{.rx_bytes = 2000,
                                                 .rx_packets = 20,
                                                 .rx_errs = 4,
                                                 .rx_drop = 5,
                                                 .tx_bytes = 100,
                                                 .tx_packets = 1,
                                                 .tx_errs = 2,
                                                 .tx_drop = 3});
}

TEST_CASE("the tap of an emulated NIC counts in addition to its vif, and a vif may have any name") {
  Dom0 dom0;
  dom0.host.remove("sys/bus/xen-backend/devices/vif-1-0/net/vif1.0");
  dom0.host.write("sys/bus/xen-backend/devices/vif-1-0/net/web0/x", "");
  dom0.write_net_dev("web0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\nweb0-emu: 2 2 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n"
                     "tap1.0: 3 3 0 0 0 0 0 0 3 3 0 0 0 0 0 0\n");
  const auto vms = read_all(*dom0.source());
  REQUIRE(vms.size() == 2);
  REQUIRE(vms[0].nics.size() == 3);
  CHECK(vms[0].nics[0].device == "web0");
  CHECK(vms[0].nics[1].device == "web0-emu");
  CHECK(vms[0].nics[2].device == "tap1.0");
  CHECK(vms[0].nics[2].mac == MacAddress{0, 0x16, 0x3e, 0, 0, 0x11});
}

TEST_CASE("disks are read only if wanted, and device numbers are hexadecimal") {
  Dom0 dom0;
  CHECK_FALSE(read_all(*dom0.source({.disks = false})).at(0).disks);
  dom0.add_vbd(2, "51728", "fd:a", 1, 1, 1, 1);
  dom0.host.write("sys/dev/block/253:10/size", "2048\n");
  const auto vms = read_all(*dom0.source());
  REQUIRE(vms.size() == 2);
  REQUIRE(vms[1].disks);
  CHECK(vms[1].disks->at(0).capacity == 1U << 20U);
}

TEST_CASE("names and MACs are read once for each list, unless fresh ones are wanted") {
  Dom0 dom0;
  const auto source = dom0.source();
  const auto list = value_of(source->list()).vms;
  CHECK(value_of(source->read(list)).at(0).name == "vm1");
  dom0.keys["/local/domain/1/name"] = "renamed";
  // A connection of this test has the keys of the time when it was made.
  dom0.xenstored = false;
  CHECK(value_of(source->read(list)).at(0).name == "vm1");
  CHECK(dom0.connections == 1);
}

TEST_CASE("a domain that was started again is identified again") {
  Dom0 dom0;
  const auto source = dom0.source();
  const auto list = value_of(source->list()).vms;
  (void)value_of(source->read(list));
  dom0.domains[1].id = 9;
  const auto vms = value_of(source->read(list));
  REQUIRE(vms.size() == 2);
  CHECK(vms[0].name == "a1000000-0000-0000-0000-000000000000"); // this xenstore has no key for domain 9
  CHECK(vms[0].nics.empty());
}

TEST_CASE("without xenstored the counters continue with the known names") {
  Dom0 dom0;
  const auto source = dom0.source();
  (void)read_all(*source);
  dom0.xenstored = false;
  dom0.add_domain(3, 0xc3);
  const auto list = value_of(source->list()).vms;
  dom0.domains.erase(dom0.domains.begin() + 2); // vm2 migrated away
  const auto vms = value_of(source->read(list));
  REQUIRE(vms.size() == 2);
  CHECK(vms[0].name == "vm1");
  REQUIRE(vms[0].nics.size() == 1);
  REQUIRE(vms[0].nics[0].counters);
  CHECK(vms[0].nics[0].counters->rx_bytes == 2000);
  CHECK(vms[0].nics[0].mac);
  CHECK(vms[1].uuid == Uuid{0xc3});
}

TEST_CASE("without xenstored an unknown domain has its UUID as name, and the problem is reported") {
  Dom0 dom0;
  dom0.xenstored = false;
  const auto source = dom0.source();
  const auto vms = read_all(*source);
  REQUIRE(vms.size() == 2);
  CHECK(vms[0].name == "a1000000-0000-0000-0000-000000000000");
  CHECK(vms[0].problem == "xenstored: gone");
  CHECK(vms[0].cpu->time_ns == 5'000'000'000);
}

TEST_CASE("a xenstored that hangs delays a poll once, and after three calls is not asked until one returns") {
  Dom0 dom0;
  std::promise<void> release;
  dom0.hang = release.get_future().share();
  dom0.patience = std::chrono::milliseconds(1);
  const auto source = dom0.source();
  const auto list = value_of(source->list()).vms;
  for (int poll = 0; poll < 5; ++poll) {
    const auto vms = value_of(source->read(list));
    REQUIRE(vms.size() == 2);
    CHECK(vms[0].problem == "xenstored does not answer");
  }
  CHECK(dom0.connections == 3);
  release.set_value();
  dom0.hang = {};
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  auto vms = value_of(source->read(list));
  while (!vms.at(0).problem.empty() && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
    vms = value_of(source->read(list));
  }
  CHECK(vms[0].problem.empty());
  CHECK(vms[0].name == "vm1");
}

TEST_CASE("without Xen the module returns an error") {
  const auto source = make_xen_source({.changed = [] {}});
  const auto list = source->list();
  REQUIRE_FALSE(list);
  CHECK(list.error().message.starts_with("open the hypervisor: "));
  CHECK_FALSE(source->node());
}

} // namespace sfa::xen_source_test
