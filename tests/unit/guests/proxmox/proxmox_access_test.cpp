// /etc/pve that does not answer, may not be read, or is not mounted.
#include "guests/proxmox/proxmox_node.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cerrno>
#include <future>
#include <memory>
#include <string>
#include <thread>

namespace sfa::proxmox_access_test {

using namespace guests;
using namespace test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kDuplicates = "VM 104 has the smbios1 UUID of VM 103; it is exported with another one";

// A node whose /etc/pve answers only when `answer` is given, once it hangs.
struct HangingNode : ProxmoxNode {
  std::shared_ptr<std::promise<void>> answer = std::make_shared<std::promise<void>>();
  std::shared_ptr<std::atomic<bool>> hangs = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);

  HangingNode() {
    read_config = [read = read_config, hangs = hangs, calls = calls, answered = answer->get_future().share()](
                      const GuestKey& key, const std::optional<ConfigFile>& last) {
      ++*calls;
      if (*hangs) {
        answered.wait();
      }
      return read(key, last);
    };
  }
};

} // namespace

TEST_CASE("while /etc/pve hangs, the counters of the known guests go on, and that is reported") {
  HangingNode node;
  node.patience = 50ms;
  const auto source = node.source();
  auto problem = value_of(source->list()).problem;
  while (problem != kDuplicates) { // on a busy host 50 ms may be short
    problem = value_of(source->list()).problem;
  }
  const auto vms = read_guests(*source);
  *node.hangs = true;
  node.host.write(ProxmoxNode::scope(100) + "/cpu.stat", "usage_usec 200\n");

  const auto list = value_of(source->list());
  CHECK(list.problem == "/etc/pve does not answer; keeping the known names (and 1 more problems)");
  CHECK(list.vms.size() == vms.size());
  const auto again = read_guests(*source);
  CHECK(again.at("web1").cpu->time_ns == 200'000);
  CHECK(again.at("web1").nics == vms.at("web1").nics);
  node.answer->set_value();
}

TEST_CASE("a guest that starts while /etc/pve hangs is listed when it answers, with its real UUID") {
  HangingNode node;
  node.patience = 50ms;
  *node.hangs = true;
  const auto source = node.source();
  CHECK(value_of(source->list()).vms.empty());
  const int calls = *node.calls;
  CHECK(value_of(source->list()).vms.empty());
  CHECK(*node.calls == calls); // no second thread hangs
  *node.hangs = false;
  node.answer->set_value();
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (value_of(source->list()).vms.size() < 6 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  CHECK(read_guests(*source).at("web1").uuid == fixture_uuid(100));
}

TEST_CASE("if /etc/pve is too slow for all files of one list, the next lists read the others") {
  ProxmoxNode node;
  node.patience = 100ms;
  node.read_config = [read = node.read_config](const GuestKey& key, const std::optional<ConfigFile>& last) {
    std::this_thread::sleep_for(80ms); // so slow is the simulated file system
    return read(key, last);
  };
  const auto source = node.source();
  const auto begin = std::chrono::steady_clock::now();
  auto list = value_of(source->list());
  CHECK(list.vms.size() < 6);
  CHECK_FALSE(list.problem.empty());
  while (list.vms.size() < 6 && std::chrono::steady_clock::now() - begin < 10s) {
    list = value_of(source->list());
  }
  CHECK(list.vms.size() == 6);
}

TEST_CASE("without permission guests are exported by their VMID, and the remedy is reported") {
  ProxmoxNode node;
  node.read_config = [](const GuestKey&,
                        const std::optional<ConfigFile>&) -> Result<std::optional<ConfigFile>> {
    return tl::unexpected(Error{"/etc/pve/qemu-server/100.conf: Permission denied", EACCES});
  };
  const auto source = node.source();
  const auto list = value_of(source->list());
  CHECK(list.problem ==
        "no permission to read the configurations of 7 guests; hsflowd needs the group www-data");
  const auto all = read_guests(*source);
  CHECK(all.at("VM100").uuid == derived_uuid("qemu", 100));
  CHECK(all.at("VM100").cpu->time_ns == 100'000'123'000);
  CHECK(all.at("VM100").cpu->count == 0);
  CHECK(all.at("VM100").nics.at(0).counters);
  CHECK(all.at("CT102").uuid == derived_uuid("lxc", 102));
}

TEST_CASE("while /etc/pve is not mounted, known guests keep their names and new ones wait") {
  ProxmoxNode node;
  const auto source = node.source();
  CHECK(read_guests(*source).contains("web1"));
  std::filesystem::rename(node.host.path() / "etc/pve", node.host.path() / "etc/elsewhere");
  std::filesystem::create_directory(node.host.path() / "etc/pve");
  node.start(109);
  const auto list = value_of(source->list());
  CHECK(list.problem.starts_with("/etc/pve is not mounted; keeping the known names"));
  CHECK(list.vms.size() == 6);
  CHECK(read_guests(*source).at("web1").uuid == fixture_uuid(100));
  std::filesystem::remove(node.host.path() / "etc/pve");
  std::filesystem::rename(node.host.path() / "etc/elsewhere", node.host.path() / "etc/pve");
  CHECK(read_guests(*source).at("visitor").uuid == fixture_uuid(109));
}

TEST_CASE("a configuration is parsed again only after it has changed") {
  ProxmoxNode node;
  for (const int vmid : {100, 101, 103, 104, 105, 107}) {
    node.date(ProxmoxNode::config(vmid), 60);
  }
  node.date("etc/pve/nodes/pve1/lxc/102.conf", 60);
  auto texts = std::make_shared<int>(0);
  node.read_config = [read = node.read_config, texts](const GuestKey& key,
                                                      const std::optional<ConfigFile>& last) {
    auto file = read(key, last);
    *texts += file && *file && (*file)->text ? 1 : 0;
    return file;
  };
  const auto source = node.source();
  REQUIRE(source->list());
  CHECK(*texts == 7);
  REQUIRE(source->list());
  CHECK(*texts == 7);
  node.host.write(ProxmoxNode::config(100), "name: web1-renamed\n");
  REQUIRE(source->list());
  CHECK(*texts == 8);
}

TEST_CASE("a configuration that is too large is an error, and costs no other guest") {
  ProxmoxNode node;
  node.host.write(ProxmoxNode::config(101), std::string(std::size_t{3} << 20U, '#'));
  const auto source = node.source();
  const auto list = value_of(source->list());
  CHECK(list.problem.find("larger than") != std::string::npos);
  CHECK(list.vms.size() == 5);
}

} // namespace sfa::proxmox_access_test
