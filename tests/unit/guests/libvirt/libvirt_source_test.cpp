// The module with libvirt's test driver, which runs in this process. The driver has no bulk statistics except
// the state, so tests/vm tests the counters of NICs and disks with a real QEMU.
#include "guests/libvirt/libvirt_source.hpp"

#include "common/handle.hpp"
#include "common/uuid.hpp"
#include "guests/libvirt/disk_silence.hpp"
#include "guests/libvirt/domain_reader.hpp"
#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <memory>
#include <thread>

namespace sfa::libvirt_source_test {

using namespace guests;
using namespace host;
using namespace sflow;
using namespace test;

namespace {

// A node of the test driver whose domains are in files.
class TestNode {
public:
  explicit TestNode(unsigned domains) {
    std::string text = "<node>\n";
    for (unsigned i = 0; i < domains; ++i) {
      directory_.write(fmt::format("d{}.xml", i),
                       fmt::format("<domain type='test'><name>d{0}</name>"
                                   "<uuid>00000000-0000-4000-8000-{0:012}</uuid>"
                                   "<memory unit='KiB'>98304</memory><vcpu>2</vcpu>"
                                   "<os><type arch='x86_64'>hvm</type></os><devices>"
                                   "<interface type='bridge'><mac address='52:54:00:99:00:{1:02x}'/>"
                                   "<source bridge='br0'/><target dev='vnet{0}'/></interface>"
                                   "</devices></domain>",
                                   i, i % 256));
      // The test driver's name of the NIC.
      directory_.write(fmt::format("sys/class/net/testnet{}/ifindex", i), fmt::format("{}\n", 14 + i));
      text += fmt::format("<domain file='d{}.xml'/>\n", i);
    }
    directory_.write("node.xml", text + "</node>\n");
  }
  [[nodiscard]] std::string uri() const { return "test://" + (directory_.path() / "node.xml").native(); }
  [[nodiscard]] SysRoot root() const { return directory_.root(); }

private:
  TemporaryHost directory_;
};

std::vector<VmReading> read_all(VmSource& source) {
  return value_of(source.read(value_of(source.list()).vms));
}

} // namespace

TEST_CASE("libvirt's domains are listed and read") {
  const TestNode node(3);
  const auto source = make_libvirt_source({.root = node.root(), .uri = node.uri(), .changed = [] {}});
  const auto vms = value_of(source->list()).vms;
  CHECK(vms.size() == 3);
  const auto first = value_of(parse_uuid("00000000-0000-4000-8000-000000000000"));
  const auto readings = value_of(source->read(std::vector{first}));
  REQUIRE(readings.size() == 1);
  const auto& vm = readings[0];
  CHECK(vm.uuid == first);
  CHECK(vm.name == "d0");
  CHECK(vm.machine_type == 3);
  CHECK(vm.cpu->state == VIR_DOMAIN_RUNNING);
  CHECK(vm.cpu->count == 2);
  CHECK(vm.memory->max_bytes == 98304U * 1024U);
  CHECK(vm.cpu->time_ns > 0);
  REQUIRE(vm.nics.size() == 1);
  CHECK(vm.nics[0] ==
        VmNic{.device = "testnet0", .mac = MacAddress{0x52, 0x54, 0, 0x99, 0, 0}, .if_index = 14});
  CHECK(vm.disks == std::vector<VmDisk>{}); // its XML has none
  CHECK(vm.problem.empty());
}

TEST_CASE("a libvirt that cannot be reached is one error, without output by libvirt itself") {
  const auto source =
      make_libvirt_source({.root = SysRoot(), .uri = "test:///nonexistent/node.xml", .changed = [] {}});
  const auto vms = source->list();
  REQUIRE_FALSE(vms);
  CHECK(vms.error().message.starts_with("test:///nonexistent/node.xml: "));
  CHECK_FALSE(source->read(std::vector{Uuid{1}}));
}

TEST_CASE("a domain that has stopped is left out") {
  const TestNode node(1);
  const auto source = make_libvirt_source({.root = node.root(), .uri = node.uri(), .changed = [] {}});
  auto vms = value_of(source->list()).vms;
  vms.push_back(Uuid{1, 2, 3});
  CHECK(value_of(source->read(vms)).size() == 1);
  CHECK(value_of(source->read(std::vector{Uuid{1, 2, 3}})).empty());
}

TEST_CASE("a start or stop of a domain is reported, and a stopped domain is not read") {
  // One node for all connections of this process.
  constexpr const char* kShared = "test:///default";
  std::atomic<unsigned> changes{0};
  const auto source = make_libvirt_source({.root = SysRoot(), .uri = kShared, .changed = [&] { ++changes; }});
  const auto before = value_of(source->list()).vms;
  REQUIRE(before.size() == 1);
  const Handle<virConnect, virConnectClose> connection(virConnectOpen(kShared));
  const Handle<virDomain, virDomainFree> domain(virDomainLookupByUUID(connection.get(), before[0].data()));
  const auto wait_for_changes = [&](unsigned wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (changes < wanted && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    return changes.load();
  };

  REQUIRE(virDomainDestroy(domain.get()) == 0);
  CHECK(wait_for_changes(1) == 1);
  CHECK(value_of(source->read(before)).empty() == false); // the list is still the old one
  CHECK(value_of(source->list()).vms.empty());
  CHECK(value_of(source->read(before)).empty());

  REQUIRE(virDomainCreate(domain.get()) == 0);
  CHECK(wait_for_changes(2) == 2);
  CHECK(read_all(*source).size() == 1);
}

TEST_CASE("a domain that stops while it is read is left out, whichever call notices") {
  constexpr const char* kTransient = "<domain type='test'><name>brief</name>"
                                     "<uuid>00000000-0000-4000-8000-00000000b21e</uuid>"
                                     "<memory unit='KiB'>1024</memory><os><type>hvm</type></os></domain>";
  const auto uuid = value_of(parse_uuid("00000000-0000-4000-8000-00000000b21e"));
  virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
  std::atomic<bool> enough{false};
  std::atomic<unsigned> runs{0};
  std::thread thread([&] {
    const Handle<virConnect, virConnectClose> connection(virConnectOpen("test:///default"));
    for (; !enough; ++runs) {
      const Handle<virDomain, virDomainFree> domain(virDomainCreateXML(connection.get(), kTransient, 0));
      virDomainDestroy(domain.get());
    }
  });
  DomainReader reader("test:///default");
  unsigned seen = 0;
  while (runs < 2000 || seen == 0) {
    const auto answer = reader.read({.uuid = uuid, .xml = true});
    if (answer) {
      ++seen;
      REQUIRE(answer->xml);
      CHECK(*answer->xml);
    }
  }
  enough = true;
  thread.join();
}

TEST_CASE("virt_node comes from the host's kernel") {
  const auto source =
      make_libvirt_source({.root = fixture_host("microvm-6.18"), .uri = "test:///default", .changed = [] {}});
  const auto node = value_of(source->node());
  CHECK(node.cpus > 0);
  CHECK(node.mhz > 0);
  CHECK(node.memory > node.memory_free);
  CHECK(node.memory_free > 0);
}

TEST_CASE("a QEMU that does not answer is reported after ten seconds") {
  DiskSilence silence;
  const MonotonicTime begin{};
  CHECK(silence.problem(false, true, begin).empty());
  CHECK(silence.problem(false, true, begin + std::chrono::seconds(9)).empty());
  CHECK(silence.problem(false, true, begin + std::chrono::seconds(10)) ==
        "QEMU does not answer; exporting the VM without disks");
  CHECK(silence.problem(true, false, begin + std::chrono::seconds(11)).empty());
  CHECK(silence.problem(false, true, begin + std::chrono::seconds(12)).empty()); // a late poll
}

TEST_CASE("disks that were read once are missed later, and a domain that never had any misses none") {
  DiskSilence silence;
  const MonotonicTime begin{};
  CHECK(silence.problem(false, false, begin).empty());
  CHECK(silence.problem(false, false, begin + std::chrono::minutes(1)).empty());
  CHECK(silence.problem(true, false, begin + std::chrono::minutes(2)).empty());
  CHECK(silence.problem(false, false, begin + std::chrono::minutes(3)).empty());
  CHECK(silence.problem(false, false, begin + std::chrono::minutes(4)) ==
        "cannot read its disks; exporting the VM without them");
}

} // namespace sfa::libvirt_source_test
