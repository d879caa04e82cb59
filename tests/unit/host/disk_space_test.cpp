#include "host/disk_space.hpp"

#include "fixture_host.hpp"

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace sfa::host_disk_space_test {

using namespace host;
using namespace test;
using namespace std::chrono_literals;

namespace {

constexpr auto kMountinfo = "1 1 8:1 / / rw - ext4 /dev/root rw\n";
constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

DiskSpace space_of(const TemporaryHost& host) {
  return DiskSpaceReader().read(host.root()).value();
}

} // namespace

TEST_CASE("a full file system is 100 percent used, and an empty one 0") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", kMountinfo);
  host.write("statvfs", "1000 50 0 /\n");
  CHECK(space_of(host).max_used == 10000);
  host.write("statvfs", "1000 1000 1000 /\n");
  CHECK(space_of(host).max_used == 0);
  host.write("statvfs", "0 0 0 /\n");
  CHECK(space_of(host).max_used == 0);
}

TEST_CASE("space that would not fit in 64 bits stays at the largest value") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", "1 1 8:1 / /a rw - ext4 x rw\n2 1 8:2 / /b rw - ext4 y rw\n");
  host.write("statvfs", "18446744073709551615 9 9 /a\n2 1 1 /b\n");
  CHECK(space_of(host).total == kLargest);
}

// As on a Proxmox VE host whose root is on ZFS: each data set claims what is free in the pool.
TEST_CASE("a pool of ZFS counts once, with what all its data sets hold") {
  const TemporaryHost host;
  host.write("proc/filesystems", "nodev\ttmpfs\n\text4\nnodev\tzfs\n");
  host.write("proc/self/mountinfo", "1 1 0:25 / / rw - zfs rpool/ROOT/pve-1 rw\n"
                                    "2 1 0:26 / /rpool rw - zfs rpool rw\n"
                                    "3 1 0:27 / /rpool/data rw - zfs rpool/data rw\n"
                                    "4 1 0:28 / /tank rw - zfs tank rw\n"
                                    "5 1 0:29 / /run rw - tmpfs tmpfs rw\n");
  host.write("statvfs",
             "1100 1000 1000 /\n1010 1000 1000 /rpool\n340 300 300 /rpool/data\n2000 500 500 /tank\n"
             "77 77 77 /run\n");
  const auto space = space_of(host);
  CHECK(space.total == 100 + 10 + 40 + 1000 + 2000);
  CHECK(space.available == 1000 + 500);
  CHECK(space.max_used == 7500); // of tank
}

TEST_CASE("a file system counts once, however often it is mounted, also where one of its mounts cannot be "
          "reached") {
  const std::vector<Mount> mounts{
      {"0:30", "/.snapshots", "btrfs", "/dev/sda2", true}, {"0:30", "/", "btrfs", "/dev/sda2", true},
      {"8:1", "/boot", "ext4", "/dev/sda1", true},         {"7:0", "/snap/x", "squashfs", "/dev/loop0", true},
      {"8:2", "/ro", "ext4", "/dev/sda3", false},          {"0:31", "/nfs", "nfs4", "server:/", true}};
  CHECK(counted_file_systems(mounts, {"btrfs", "ext4", "squashfs"}) ==
        std::vector<FileSystem>{{"0:30", "", {"/.snapshots", "/"}}, {"8:1", "", {"/boot"}}});
  const TemporaryHost host;
  host.write("proc/filesystems", "\tbtrfs\n");
  host.write("proc/self/mountinfo",
             "1 1 0:30 /a /.snapshots rw - btrfs /dev/sda2 rw\n2 1 0:30 / / rw - btrfs /dev/sda2 rw\n");
  host.write("statvfs", "1000 400 300 /\n");
  CHECK(space_of(host).total == 1000);
}

namespace {

// File systems of 100 bytes, some of which do not answer while they are held.
struct Held {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> held;
  std::map<std::string, int> asked;

  std::optional<SysRoot::Space> answer(const std::string& point) {
    std::unique_lock lock(mutex);
    ++asked[point];
    changed.wait(lock, [&] { return !held.contains(point); });
    return SysRoot::Space{100, 50, 50};
  }
  void release(const std::string& point) {
    const std::lock_guard lock(mutex);
    held.erase(point);
    changed.notify_all();
  }
  int count(const std::string& point) {
    const std::lock_guard lock(mutex);
    return asked[point];
  }
};

template <class Condition>
void wait_until(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
}

} // namespace

TEST_CASE("file systems that do not answer are left out and named, delay no other, and count again when they "
          "answer") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", "1 1 8:1 / / rw - ext4 a rw\n2 1 8:2 / /dead rw - ext4 b rw\n"
                                    "3 1 8:3 / /srv rw - ext4 c rw\n4 1 8:4 / /gone rw - ext4 d rw\n"
                                    "5 1 8:5 / /home rw - ext4 e rw\n");
  const auto held = std::make_shared<Held>();
  held->held = {"/dead", "/gone"};
  DiskSpaceReader reader(500ms, [held](const std::string& point) { return held->answer(point); });
  const auto total = [&] { return reader.read(host.root()).value().total; };
  wait_until([&] { return total() == 300; });
  CHECK(reader.missing() == "left out because statvfs(3) has not returned: /dead, /gone");
  CHECK(held->count("/dead") == 1);
  CHECK(held->count("/gone") == 1);
  held->release("/dead");
  wait_until([&] { return total() == 400; });
  CHECK(reader.missing() == "left out because statvfs(3) has not returned: /gone");
  held->release("/gone");
  wait_until([&] { return total() == 500; });
  CHECK(reader.missing().empty());
}

TEST_CASE("file systems behind one that hangs are named from the first poll on") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", "1 1 8:1 / / rw - ext4 a rw\n2 1 8:2 / /dead rw - ext4 b rw\n"
                                    "3 1 8:3 / /also-dead rw - ext4 c rw\n");
  const auto held = std::make_shared<Held>();
  held->held = {"/dead", "/also-dead"};
  DiskSpaceReader reader(0ms, [held](const std::string& point) { return held->answer(point); });
  CHECK(reader.read(host.root()).has_value());
  CHECK_THAT(reader.missing(),
             Catch::Contains("statvfs(3) has not returned: ") && Catch::Contains("/dead, /also-dead"));
  held->release("/dead");
  held->release("/also-dead");
}

TEST_CASE("a line of mountinfo that is not a mount costs no file system, and is named") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", "1 1 8:1 / / rw - ext4 a rw\nx\n3 1 8:3 / /srv rw - ext4 c rw\n");
  host.write("statvfs", "1000 400 300 /\n1000 400 300 /srv\n");
  DiskSpaceReader reader(20s);
  CHECK(reader.read(host.root()).value().total == 2000);
  CHECK(reader.missing() == "proc/self/mountinfo has a line that is not a mount: 'x'");
}

TEST_CASE("a file system that is slow each time counts with its last answer") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", "1 1 8:1 / /slow rw - ext4 a rw\n2 1 8:2 / / rw - ext4 b rw\n");
  const auto held = std::make_shared<Held>();
  held->held = {"/slow"};
  DiskSpaceReader reader(500ms, [held](const std::string& point) { return held->answer(point); });
  const auto total = [&] { return reader.read(host.root()).value().total; };
  wait_until([&] { return total() == 100; });
  held->release("/slow");
  wait_until([&] { return total() == 200; });
  wait_until([&] { return total() == 200; });
  wait_until([&] { return held->count("/slow") > 1; }); // on its own thread, for which read() does not wait
}

TEST_CASE("a host with 17,500 mounts knows its space") {
  const TemporaryHost host;
  std::string mounts;
  for (int i = 0; i < 17'500; ++i) {
    mounts += fmt::format(
        "{} 1 0:{} / /var/lib/kubelet/pods/{:0>200}/volumes rw shared:1 - tmpfs tmpfs rw,size=1k\n", i + 2, i,
        i);
  }
  host.write("proc/filesystems", "nodev\ttmpfs\n\text4\n");
  host.write("proc/self/mountinfo", mounts + kMountinfo);
  host.write("statvfs", "1000 400 300 /\n");
  CHECK(space_of(host).total == 1000);
}

} // namespace sfa::host_disk_space_test
