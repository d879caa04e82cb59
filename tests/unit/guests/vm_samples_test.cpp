#include "guests/vm_samples.hpp"

#include "common/file.hpp"
#include "common/uuid.hpp"
#include "host/fixture_host.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <stdexcept>

namespace sfa::guests_vm_samples_test {

using namespace guests;
using namespace polling;
using namespace sflow;
using namespace test;
using namespace std::chrono_literals;

namespace {

template <class Block>
bool has(const std::vector<CounterBlock>& blocks) {
  return std::ranges::any_of(blocks, [](const auto& block) { return std::holds_alternative<Block>(block); });
}

template <class Block>
Block get(const std::vector<CounterBlock>& blocks) {
  for (const auto& block : blocks) {
    if (const auto* found = std::get_if<Block>(&block)) {
      return *found;
    }
  }
  throw std::runtime_error("no such block");
}

class Sink final : public SampleSink {
public:
  void deliver(std::vector<CounterSample> samples) override {
    delivered = std::move(samples);
    for (const auto& sample : delivered) {
      names.insert(get<HostDescr>(sample.blocks).hostname);
    }
  }
  void data_sources_changed() override { ++changes; }

  std::vector<CounterSample> delivered; // the last ones
  std::set<std::string> names;          // in all that were delivered
  int changes = 0;
};

constexpr Uuid kSeven{7}; // the VM of the test's module

std::string ports_file(std::string_view ports) {
  return fmt::format(R"({{"version": 1, "bridges": [{{"name": "br0", "ports": [{}]}}]}})", ports);
}

// A port of kSeven.
constexpr const char* kSevensPort =
    R"({"name": "tap7", "ifindex": 7, "guest": {"kind": "vm", "writer": "libvirt",
        "uuid": "07000000-0000-0000-0000-000000000000", "key": "07000000-0000-0000-0000-000000000000",
        "name": null, "mac": "52:54:00:00:00:07"}})";

// The port of a guest that only the switch knows.
constexpr const char* kPodsPort =
    R"({"name": "veth1", "ifindex": 9, "guest": {"kind": "container", "writer": "antrea", "uuid": null,
        "key": "shop/web", "name": "web", "mac": "52:54:00:00:00:09"}})";

constexpr const char* kNetDev =
    R"(Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  tap7:     100       1    0    0    0     0          0         0      200       2    0    0    0     0       0          0
 veth1:    1000      10    0    0    0     0          0         0     2000      20    0    0    0     0       0          0
)";

// VMs of the test's module, which is installed as libvirt.so.
struct Bed {
  TemporaryHost host;
  EventLoop loop;
  Worker disk{loop};
  Sink sink;
  VmSamples samples{loop, disk, sink, {.root = host.root()}, host.path() / "state" / kVmTableName};

  Bed() {
    std::filesystem::create_directories(host.path() / "modules");
    std::filesystem::copy_file(std::filesystem::path(TEST_MODULES) / "fitting.so",
                               host.path() / "modules/libvirt.so");
  }
  [[nodiscard]] VmSettings settings() const { return {.kvm = true, .modules = host.path() / "modules"}; }
  [[nodiscard]] VmSettings automatic() const {
    return {.automatic = true, .modules = host.path() / "modules", .ports_file = "run/ports.json"};
  }
  void make_devices() const {
    host.write("proc/net/dev", kNetDev);
    host.write("sys/class/net/tap7/ifindex", "7\n");
    host.write("sys/class/net/veth1/ifindex", "9\n");
  }
  void install_libvirt() const { host.write("run/libvirt/libvirt-sock-ro", ""); }
  void publish(const std::string& text) const {
    std::filesystem::create_directories(host.path() / "run");
    REQUIRE(replace_file(host.path() / "run/ports.json", text));
  }

  [[nodiscard]] std::string error_of(std::string_view backend) {
    for (const auto& status : samples.status(std::chrono::steady_clock::now())) {
      if (status.name == backend) {
        return status.error;
      }
    }
    throw std::runtime_error("no such backend");
  }

  // The sample of the guest whose name it has, polling everything until it comes.
  std::vector<CounterBlock> sample_of(std::string_view name,
                                      const std::function<bool(const std::vector<CounterBlock>&)>& good) {
    std::vector<CounterBlock> result;
    Timer poll = loop.timer([&] {
      (void)samples.sample(samples.data_sources());
      poll.arm_at(std::chrono::steady_clock::now() + 5ms);
    });
    poll.arm_at(std::chrono::steady_clock::now());
    run_until([&] {
      for (const auto& sample : sink.delivered) {
        if (std::get<HostDescr>(sample.blocks.at(0)).hostname == name && good(sample.blocks)) {
          result = sample.blocks;
        }
      }
      return !result.empty();
    });
    return result;
  }

  void run_until(const std::function<bool()>& done) {
    Timer deadline = loop.timer([] { throw std::runtime_error("not within the deadline"); });
    deadline.arm_at(std::chrono::steady_clock::now() + 10s);
    while (!done()) {
      loop.run_pending();
    }
  }
  void wait_for_list() {
    const int before = sink.changes;
    run_until([&] { return sink.changes > before; });
  }
  void wait_for_guests(std::size_t count) {
    run_until([&] { return samples.data_sources().size() == count; });
  }
  // What the agent has written when the list came.
  std::string state_file() {
    bool written = false;
    disk.run([] { return true; }, [&](bool done) { written = done; }); // behind it
    run_until([&] { return written; });
    std::ifstream stream(host.path() / "state" / kVmTableName);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

} // namespace

TEST_CASE("each VM is a data source, and its sample is delivered when it is due") {
  Bed bed;
  CHECK(bed.samples.data_sources().empty());
  bed.samples.configure(bed.settings());
  bed.wait_for_list();
  const auto sources = bed.samples.data_sources();
  REQUIRE(sources.size() == 1);
  CHECK(sources[0].ds_class == 3);
  CHECK(sources[0].index >= VmTable::kFirst);

  CHECK(bed.samples.sample(sources).empty());
  bed.run_until([&] { return !bed.sink.delivered.empty(); });
  REQUIRE(bed.sink.delivered.size() == 1);
  CHECK(bed.sink.delivered[0].source == sources[0]);
  CHECK(std::get<HostDescr>(bed.sink.delivered[0].blocks.at(0)).hostname == "seven");
  const auto status = bed.samples.status(std::chrono::steady_clock::now());
  REQUIRE(status.size() == 1);
  CHECK(status[0].name == "kvm");
  CHECK(status[0].present);
  CHECK(status[0].last_run);
}

TEST_CASE("a VM keeps its dsIndex across a restart of the agent") {
  Bed bed;
  // An index that the UUID alone would not lead to.
  bed.host.write("state/vm-index", "149000 07000000-0000-0000-0000-000000000000\n"
                                   "149001 08000000-0000-0000-0000-000000000000\n");
  VmSamples restarted(bed.loop, bed.disk, bed.sink, {.root = bed.host.root()},
                      bed.host.path() / "state" / kVmTableName);
  restarted.configure(bed.settings());
  bed.wait_for_list();
  CHECK(restarted.data_sources() == std::vector{DataSource{3, 149000}});
  CHECK(bed.state_file().find("149001") != std::string::npos);
}

TEST_CASE("a list of indices that cannot be read is kept beside the new one") {
  Bed bed;
  const std::string text = "149000 07000000-0000-0000-0000-000000000000\n149001 what\n";
  bed.host.write("state/vm-index", text);
  VmSamples restarted(bed.loop, bed.disk, bed.sink, {.root = bed.host.root()},
                      bed.host.path() / "state" / kVmTableName);
  restarted.configure(bed.settings());
  bed.wait_for_list();
  CHECK(bed.host.root().read("state/vm-index.unreadable").value() == text);
  CHECK(bed.state_file().find("149001") == std::string::npos);
}

TEST_CASE("the dsIndex of a new VM is written to the state file") {
  Bed bed;
  bed.samples.configure(bed.settings());
  bed.wait_for_list();
  const auto index = std::to_string(bed.samples.data_sources().at(0).index);
  CHECK(bed.state_file().find(index + " 07000000-0000-0000-0000-000000000000\n") != std::string::npos);
}

TEST_CASE("virt_node has the number of VMs, and is absent until the hypervisor answers") {
  Bed bed;
  const auto node = bed.samples.make_virt_node_source();
  CHECK(is_absent(*node, bed.host.root()));
  bed.samples.configure(bed.settings());
  CHECK(is_absent(*node, bed.host.root()));
  bed.wait_for_list();
  CHECK(read_block<VirtNode>(*node, bed.host.root()) == VirtNode{.cpus = 4, .num_domains = 1});
}

TEST_CASE("without a kvm or xen section no VMs are exported, also when the section is removed") {
  Bed bed;
  auto settings = bed.settings();
  bed.samples.configure(settings);
  bed.wait_for_list();
  CHECK(bed.samples.data_sources().size() == 1);
  settings.kvm = false;
  bed.samples.configure(settings);
  CHECK(bed.samples.data_sources().empty());
  CHECK(bed.samples.status(std::chrono::steady_clock::now()).empty());
}

TEST_CASE("a missing module is reported if the configuration demands it") {
  Bed bed;
  auto settings = bed.settings();
  settings.modules = bed.host.path() / "nowhere";
  bed.samples.configure(settings);
  const auto error = [&] { return bed.samples.status(std::chrono::steady_clock::now()).at(0).error; };
  bed.run_until([&] { return !error().empty(); });
  CHECK(error() == (bed.host.path() / "nowhere/libvirt.so is not installed").native());
}

TEST_CASE("vms = auto uses the hypervisor that exists, and does not report the one that does not") {
  Bed bed;
  auto settings = bed.settings();
  settings.kvm = false;
  settings.automatic = true;
  bed.host.write("run/libvirt/libvirt-sock-ro", "");
  bed.samples.configure(settings);
  bed.wait_for_guests(1);
  const auto status = bed.samples.status(std::chrono::steady_clock::now());
  REQUIRE(status.size() == 3);
  CHECK((status[0].name == "xen" && !status[0].present && status[0].error.empty()));
  CHECK((status[1].name == "kvm" && status[1].present));
  CHECK((status[2].name == "proxmox" && !status[2].present && status[2].error.empty()));
}

TEST_CASE("vms = auto exports the guests of Proxmox VE when its first one starts, also long after hsflowd") {
  Bed bed;
  bed.samples.configure({.automatic = true});
  const auto status = [&] { return bed.samples.status(std::chrono::steady_clock::now()).at(2); };
  CHECK((status().name == "proxmox" && !status().present));
  bed.host.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  bed.host.write("sys/fs/cgroup/qemu.slice/100.scope/cgroup.events", "populated 1\n");
  bed.host.write("sys/fs/cgroup/qemu.slice/100.scope/cpu.stat", "usage_usec 5000\n");
  bed.host.write("etc/pve/nodes/pve1/qemu-server/100.conf", "name: web1\n");
  bed.host.write("run/qemu-server/100.pid", "1\n");
  bed.run_until([&] { return !bed.samples.data_sources().empty(); });
  CHECK(status().present);
  CHECK(bed.samples.sample(bed.samples.data_sources()).empty());
  bed.run_until([&] { return !bed.sink.delivered.empty(); });
  CHECK(std::get<HostDescr>(bed.sink.delivered.at(0).blocks.at(0)).hostname == "web1");
}

TEST_CASE("a proxmox section reports the absence of Proxmox VE") {
  Bed bed;
  bed.samples.configure({.proxmox = true});
  const auto error = [&] { return bed.samples.status(std::chrono::steady_clock::now()).at(0).error; };
  bed.run_until([&] { return !error().empty(); });
  CHECK(error() == "no Proxmox VE on this host: /run/qemu-server does not exist");
}

TEST_CASE("a hypervisor that appears later is used at once") {
  Bed bed;
  bed.samples.configure(bed.automatic());
  bed.loop.run_pending();
  CHECK(bed.samples.data_sources().empty());
  bed.install_libvirt();
  bed.wait_for_guests(1);
  const auto node = bed.samples.make_virt_node_source();
  CHECK_FALSE(is_absent(*node, bed.host.root()));
}

TEST_CASE("a hypervisor that is absent has been looked for, as the status shows") {
  Bed bed;
  bed.samples.configure(bed.automatic());
  const auto all_looked_for = [&] {
    const auto sources = bed.samples.status(std::chrono::steady_clock::now());
    return std::ranges::all_of(sources, [](const auto& source) {
      return source.last_run && !source.present && source.error.empty();
    });
  };
  bed.run_until(all_looked_for);
  CHECK(bed.samples.status(std::chrono::steady_clock::now()).size() >= 3);
}

TEST_CASE("a reload keeps the guests until the new backends have listed theirs") {
  Bed bed;
  bed.install_libvirt();
  bed.samples.configure(bed.automatic());
  bed.wait_for_guests(1);
  auto settings = bed.automatic();
  settings.refresh = 61s;
  bed.samples.configure(settings);
  CHECK(bed.samples.data_sources().size() == 1);
  bed.run_until([&] {
    return std::ranges::all_of(bed.samples.status(std::chrono::steady_clock::now()),
                               [](const auto& source) { return source.last_run.has_value(); });
  });
  CHECK(bed.samples.data_sources().size() == 1);
}

TEST_CASE("a guest that only the switch knows is a data source with its name, its port and its traffic") {
  Bed bed;
  bed.make_devices();
  bed.publish(ports_file(kPodsPort));
  bed.samples.configure(bed.automatic());
  bed.wait_for_guests(1);
  const auto blocks = bed.sample_of("web", has<VirtNetIo>);
  CHECK(get<HostDescr>(blocks).uuid == derive_uuid({}, "antrea shop/web"));
  CHECK(get<HostAdapters>(blocks) == HostAdapters{{{9, {{0x52, 0x54, 0, 0, 0, 9}}}}});
  CHECK(get<VirtNetIo>(blocks).rx_bytes == 2000);
  CHECK(get<VirtNetIo>(blocks).tx_packets == 10);
  CHECK_FALSE(has<VirtCpu>(blocks));
  CHECK_FALSE(has<VirtMemory>(blocks));
  CHECK_FALSE(has<VirtDiskIo>(blocks));
}

TEST_CASE(
    "a guest that libvirt knows gains its switch port, and is one data source from the first sample on") {
  Bed bed;
  bed.make_devices();
  bed.install_libvirt();
  bed.publish(ports_file(kSevensPort));
  bed.samples.configure(bed.automatic());
  bed.run_until([&] { return !bed.samples.data_sources().empty(); });
  const auto blocks = bed.sample_of("seven", has<HostAdapters>);
  CHECK(bed.samples.data_sources().size() == 1);
  CHECK(get<HostDescr>(blocks).uuid == kSeven);
  CHECK(get<HostAdapters>(blocks) == HostAdapters{{{7, {{0x52, 0x54, 0, 0, 0, 7}}}}});
  // Never by its UUID, as the switch alone knows it: hypervisors first say which guests they have.
  CHECK(bed.sink.names == std::set<std::string>{"seven"});
}

TEST_CASE("a torn ports file changes nothing and is reported, until a good one follows") {
  Bed bed;
  bed.publish(ports_file(kPodsPort));
  bed.samples.configure(bed.automatic());
  bed.wait_for_guests(1);
  const auto before = bed.samples.data_sources();
  bed.publish(ports_file(kPodsPort).substr(0, 60));
  bed.run_until([&] { return !bed.error_of("ports").empty(); });
  CHECK(bed.error_of("ports").find("torn; keeping the last good content") != std::string::npos);
  CHECK(bed.samples.data_sources() == before);
  bed.publish(ports_file(std::string(kPodsPort) + ", " + kSevensPort));
  bed.wait_for_guests(2);
  CHECK(bed.error_of("ports").empty());
}

TEST_CASE("guests of the switch are gone with the ports file") {
  Bed bed;
  bed.publish(ports_file(kPodsPort));
  bed.samples.configure(bed.automatic());
  bed.wait_for_guests(1);
  bed.host.remove("run/ports.json");
  bed.wait_for_guests(0);
  CHECK(bed.error_of("ports").empty());
}

TEST_CASE("a hypervisor that hangs delays no guest of another one") {
  Bed bed;
  std::filesystem::copy_file(std::filesystem::path(TEST_MODULES) / "silent.so",
                             bed.host.path() / "modules/xen.so");
  auto settings = bed.settings();
  settings.xen = true;
  bed.samples.configure(settings);
  bed.wait_for_guests(1);
  CHECK(get<HostDescr>(bed.sample_of("seven", has<HostDescr>)).uuid == kSeven);
}

} // namespace sfa::guests_vm_samples_test
