#include "host/sys_root.hpp"

#include "fixture_host.hpp"

#include <chrono>
#include <future>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <thread>
#include <unistd.h>

namespace sfa::host_sys_root_test {

using namespace host;
using namespace test;

TEST_CASE("an existing file is read whole, and a missing one is absent rather than a failure") {
  const TemporaryHost host;
  host.write("proc/stat", "cpu 1\n");
  CHECK(value_of(host.root().read("proc/stat")) == "cpu 1\n");
  CHECK(!value_of(host.root().read("proc/nothing")));
  CHECK(!value_of(host.root().read("proc/stat/below")));
}

TEST_CASE("a file of any size is read as it is") {
  const TemporaryHost host;
  for (const auto size :
       std::vector<std::size_t>{0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 20000, 4 * 1024 * 1024}) {
    std::string content;
    for (std::size_t i = 0; content.size() < size; ++i) {
      content += std::to_string(i);
    }
    content.resize(size);
    host.write("proc/stat", content);
    INFO(size);
    CHECK((value_of(host.root().read("proc/stat")) == content)); // too long to print
  }
}

TEST_CASE("the first lines of a file are whole ones") {
  const TemporaryHost host;
  host.write("proc/cpuinfo", "processor : 0\ncpu MHz : 2596\n" + std::string(1024, 'x'));
  CHECK(value_of(host.root().first_lines("proc/cpuinfo")) == "processor : 0\ncpu MHz : 2596\n");
  host.write("proc/cpuinfo", std::string(1024, 'x') + "\n");
  CHECK(value_of(host.root().first_lines("proc/cpuinfo")) == "");
  CHECK(!value_of(host.root().first_lines("proc/nothing")));
}

TEST_CASE("no path leads out of the root") {
  const TemporaryHost host;
  CHECK(!value_of(host.root().read("/proc/self/stat")));
  CHECK(!value_of(host.root().read("proc/../../../../../../../../../proc/self/stat")));
  CHECK(!host.root().exists("/proc"));
  CHECK(host.root().list("/proc").empty());
  host.write("proc/a..b", "x");
  for (const auto* path : {"proc/a..b", "/proc/a..b", "../proc/a..b", "proc/../proc//a..b"}) {
    CHECK(value_of(host.root().read(path)) == "x");
  }
}

TEST_CASE("a file that is too large is a failure") {
  const TemporaryHost host;
  host.write("proc/net/dev", std::string(4 * 1024 * 1024, 'x'));
  CHECK(host.root().read("proc/net/dev"));
  host.write("proc/net/dev", std::string(4 * 1024 * 1024 + 1, 'x'));
  CHECK(!host.root().read("proc/net/dev"));
}

TEST_CASE("a file that cannot be read is a failure and an empty attribute") {
  const TemporaryHost host;
  std::filesystem::create_directories(host.path() / "sys/class/net/eth0/flags"); // read(2) fails with EISDIR
  CHECK(!host.root().read("sys/class/net/eth0/flags"));
  CHECK(host.root().attribute("sys/class/net/eth0/flags").empty());
}

TEST_CASE("an attribute has no white space at its ends") {
  const TemporaryHost host;
  host.write("sys/block/sda/hidden", "1\n");
  CHECK(host.root().attribute("sys/block/sda/hidden") == "1");
  CHECK(host.root().attribute("sys/block/sdb/hidden").empty());
}

TEST_CASE("a sysfs attribute without a value is absent") {
  const SysRoot live; // loopback has no speed: the kernel says EINVAL
  if (!live.exists("sys/class/net/lo/speed")) {
    WARN("no sysfs here");
    return;
  }
  CHECK(!value_of(live.read("sys/class/net/lo/speed")));
}

TEST_CASE("an interface that disappears while its attribute is read is absent rather than a failure") {
  const TemporaryHost host;
  std::filesystem::create_directories(host.path() / "sys");
  bool prepared = false;
  std::set<std::string> failures;
  std::thread([&] { // in namespaces of its own, which end with it
    prepared = unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
               mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               mount("sysfs", (host.path() / "sys").c_str(), "sysfs", 0, nullptr) == 0;
    if (!prepared) {
      return;
    }
    auto churn = std::async(std::launch::async, [] {
      return std::system(
          "for i in $(seq 60); do echo 'link add d0 type veth peer name d1'; echo 'link del d0'; done"
          " | ip -batch -");
    });
    while (churn.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      if (const auto address = host.root().read("sys/class/net/d0/address"); !address) {
        failures.insert(address.error().message);
      }
    }
    prepared = churn.get() == 0;
  })
      .join();
  if (geteuid() != 0) {
    WARN("not root: no network namespace to make interfaces in");
    return;
  }
  CHECK(prepared);
  CHECK(failures == std::set<std::string>());
}

TEST_CASE("a directory is listed in order, and a dangling link exists") {
  const TemporaryHost host;
  host.write("sys/block/sdb/size", "1");
  host.write("sys/block/sda/size", "1");
  std::filesystem::create_symlink("../../gone", host.path() / "sys/block/sda/device");
  CHECK(host.root().list("sys/block") == std::vector<std::string>{"sda", "sdb"});
  CHECK(host.root().list("sys/nothing").empty());
  CHECK(host.root().exists("sys/block/sda/device"));
  CHECK(!host.root().exists("sys/block/sdb/device"));
}

TEST_CASE("the space of a captured host comes from its own file, never from the live host") {
  const TemporaryHost host;
  CHECK(!host.root().space("/"));
  host.write("statvfs", "1000 400 300 /\n10 4 3 /my data\n5 5 /short\n5 5 x /bad\n");
  CHECK(host.root().space("/") == SysRoot::Space{1000, 400, 300});
  CHECK(host.root().space("/my data") == SysRoot::Space{10, 4, 3});
  CHECK(!host.root().space("/short"));
  CHECK(!host.root().space("/bad"));
  CHECK(!host.root().space("/home"));
}

TEST_CASE("the space of the live host comes from its root file system") {
  const auto space = SysRoot().space("/");
  REQUIRE(space);
  CHECK(space->total > 0);
  CHECK(space->free <= space->total);
  CHECK(space->available <= space->free);
  CHECK(!SysRoot().space("/no/such/mount/point"));
}

} // namespace sfa::host_sys_root_test
