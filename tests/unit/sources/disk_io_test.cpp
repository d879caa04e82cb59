#include "sources/disk_io.hpp"

#include "host/mounts.hpp"

#include "host/fixture_host.hpp"

namespace sfa::sources_disk_io_test {

using namespace host;
using namespace sflow;
using namespace sources;
using namespace test;

namespace {

constexpr std::string_view kMountinfo = "30 1 8:1 / / rw - ext4 /dev/sda1 rw\n";

std::string diskstats(std::string_view name, std::uint64_t reads) {
  return fmt::format("8 0 {} {} 0 16 5 1 0 8 5 0 10 10\n", name, reads);
}

} // namespace

TEST_CASE("the disk and the space of a captured host are what its kernel said") {
  const auto disk = read_block<HostDiskIo>(*make_disk_io_source(), fixture_host("microvm-6.18"));
  CHECK(disk == HostDiskIo{.disk_total = 270553174016,
                           .disk_free = 85311315968,
                           .part_max_used = 1697,
                           .reads = 48137,
                           .bytes_read = 3098870784,
                           .read_time = 52074,
                           .writes = 18387,
                           .bytes_written = 1471492096,
                           .write_time = 17199});
}

TEST_CASE(
    "whole disks count and their partitions do not, also behind a controller with a slash in its name") {
  CHECK(physical_disks(fixture_host("kernel-3.10")) == std::set<std::string>{"cciss/c0d0", "sda", "sr0"});
  const auto disk = read_block<HostDiskIo>(*make_disk_io_source(), fixture_host("kernel-3.10"));
  CHECK(disk == HostDiskIo{.disk_total = 1500000,
                           .disk_free = 700000,
                           .part_max_used = 8000, // /boot
                           .reads = 107,
                           .bytes_read = std::uint64_t{2070} * 512,
                           .read_time = 730,
                           .writes = 408,
                           .bytes_written = std::uint64_t{5080} * 512,
                           .write_time = 860});
}

TEST_CASE("what passes several block devices on its way to a disk is counted once") {
  CHECK(physical_disks(fixture_host("multipath-lvm-md")) ==
        std::set<std::string>{"dm-0", "nvme0n1", "sdc", "sdd"});
  const auto disk = read_block<HostDiskIo>(*make_disk_io_source(), fixture_host("multipath-lvm-md"));
  CHECK(disk == HostDiskIo{.disk_total = 300000000,
                           .disk_free = 210000000,
                           .part_max_used = 7895,
                           .reads = 209,
                           .bytes_read = std::uint64_t{2090} * 512,
                           .read_time = 921,
                           .writes = 412,
                           .bytes_written = std::uint64_t{4120} * 512,
                           .write_time = 1241});
}

TEST_CASE("of an NVMe multipath disk that counts nothing, as before Linux 6.4, the paths count") {
  const TemporaryHost host;
  for (const auto* name : {"nvme0n1", "nvme0c0n1", "nvme0c12n1", "nvme0n2", "nvme0c0n2"}) {
    host.write(fmt::format("sys/block/{}/device", name), "");
  }
  host.write("sys/block/nvme0n1/queue/iostats", "0\n");
  host.write("sys/block/nvme0n2/queue/iostats", "1\n");
  CHECK(physical_disks(host.root()) == std::set<std::string>{"nvme0c0n1", "nvme0c12n1", "nvme0n2"});
}

TEST_CASE("byte counts of disks go beyond 32 bits, and requests wrap there") {
  const auto disk = read_block<HostDiskIo>(*make_disk_io_source(), fixture_host("arm64"));
  CHECK(disk.reads == 4);
  CHECK(disk.bytes_read == 4398046511104);
  CHECK(disk.read_time == 4294967295);
  CHECK(disk.disk_total == 960500000000);
  CHECK(disk.disk_free == 431499000000);
  CHECK(disk.part_max_used == 5269);
}

TEST_CASE("a Xen dom0 counts its own disks and not those of its guests") {
  const auto disk = read_block<HostDiskIo>(*make_disk_io_source(), fixture_host("xen-dom0"));
  CHECK(disk.reads == 11);
  CHECK(disk.bytes_written == std::uint64_t{55} * 512);
  CHECK(disk.part_max_used == 5294);
}

TEST_CASE("a host with neither disks nor file systems on them has no host_disk_io") {
  CHECK(is_absent(*make_disk_io_source(), fixture_host("container")));
  CHECK(is_absent(*make_disk_io_source(), fixture_host("bond-vlan-bridge")));
}

TEST_CASE("a host with a file system but no disk of its own knows its space, and its counters are unknown") {
  const TemporaryHost host;
  host.write("proc/filesystems", "\text4\n");
  host.write("proc/self/mountinfo", kMountinfo);
  host.write("statvfs", "1000 400 300 /\n");
  const auto disk = read_block<HostDiskIo>(*make_disk_io_source(), host.root());
  CHECK(disk == HostDiskIo{.disk_total = 1000, .disk_free = 300, .part_max_used = 6667});
  CHECK(disk.bytes_read == kUnknown64);
}

TEST_CASE("the totals of the disks do not fall when a disk is pulled") {
  const TemporaryHost host;
  host.write("sys/block/sda/device", "");
  host.write("sys/block/sdb/device", "");
  host.write("proc/diskstats", diskstats("sda", 10) + diskstats("sdb", 30));
  const auto source = make_disk_io_source();
  CHECK(read_block<HostDiskIo>(*source, host.root()).reads == 40);
  host.write("proc/diskstats", diskstats("sda", 12));
  host.remove("sys/block/sdb");
  CHECK(read_block<HostDiskIo>(*source, host.root()).reads == 42);
  host.write("proc/diskstats", "");
  host.remove("sys/block/sda");
  CHECK(read_block<HostDiskIo>(*source, host.root()).reads == 42);
}

TEST_CASE("disk statistics that are nonsense are a failure and not an idle disk") {
  const TemporaryHost host;
  host.write("proc/diskstats", "8 0 sda 1 2\n");
  const auto failed = make_disk_io_source()->read(host.root());
  REQUIRE(!failed);
  CHECK(failed.error().message == "proc/diskstats: not the counters of a disk: '8 0 sda 1 2'");
  CHECK(!parse_diskstats("8 0 sda 1 2 3 4 5 6 7 18446744073709551616 9 10 11\n"));
  CHECK(!parse_diskstats("8 0 sda 1 2 3 4 5 6 7 8 9 10\n")); // one field less than the oldest kernel has
  CHECK(!parse_diskstats("8 0 sda x 2 3 4 5 6 7 8 9 10 11\n"));
  CHECK(parse_diskstats("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n").value().at("sda") ==
        DiskCounters{1, 3, 4, 5, 7, 8});
}

TEST_CASE("a mount has its point unescaped, and is writable when its file system is") {
  const auto mounts = parse_mountinfo(
      "36 35 98:0 /mnt1 /a\\040b\\134c\\999 ro,noatime master:1 - ext3 /dev/root rw,errors=x\n"
      "37 35 0:9 / /t rw - tmpfs  rw,size=1k\n"
      "38 35 8:1 / /- rw shared:1 propagate_from:2 - iso9660 /dev/sr0 ro,rwx\n");
  REQUIRE(mounts);
  CHECK(mounts->mounts == std::vector<Mount>{{"98:0", "/a b\\c\\999", "ext3", "/dev/root", true},
                                             {"0:9", "/t", "tmpfs", "", true},
                                             {"8:1", "/-", "iso9660", "/dev/sr0", false}});
  CHECK(mounts->not_a_mount.empty());
  CHECK(parse_mountinfo("36 35 98:0 / / rw\n").value().not_a_mount == "36 35 98:0 / / rw");
  CHECK(parse_mountinfo("- ext3 /dev/root rw\n").value().mounts.empty());
}

TEST_CASE("the disks' files cut short at any byte give a value or an error") {
  cut_short_at_every_byte("proc/diskstats", parse_diskstats);
  cut_short_at_every_byte("proc/self/mountinfo", parse_mountinfo);
  cut_short_at_every_byte("proc/filesystems", parse_block_file_systems);
}

} // namespace sfa::sources_disk_io_test
