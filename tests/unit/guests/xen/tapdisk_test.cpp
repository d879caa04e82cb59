#include "guests/xen/tapdisk.hpp"

#include "guests/xen/tapdisk_files.hpp"

#include <limits>
#include <sys/stat.h>

namespace sfa::tapdisk_test {

using namespace guests;
using namespace test;

namespace {

constexpr TapdiskNumbers kNumbers{
    .rd_req = 139, .rd_sectors = 16344, .wr_req = 34, .wr_sectors = 2240, .errors = 3};
constexpr std::uint32_t kDevice = 51712;
constexpr std::uint32_t kPid = 4242;

TapdiskStatistics expected() {
  return {
      .counters = {.rd_req = 139, .rd_bytes = 16344 * 512, .wr_req = 34, .wr_bytes = 2240 * 512, .errs = 3},
      .counts_errors = true};
}

TapdiskStatistics older_expected() {
  auto result = expected();
  result.counters.errs = 0;
  result.counts_errors = false;
  return result;
}

Result<std::optional<TapdiskStatistics>> read(const TemporaryHost& host,
                                              std::optional<std::uint32_t> pid = kPid) {
  return read_tapdisk(host.root(), 1, kDevice, pid);
}

std::string problem(const TemporaryHost& host) {
  const auto statistics = read(host);
  return statistics ? "none" : statistics.error().message;
}

const std::string kFile = "dev/shm/td3-4242/vbd-1-51712";

} // namespace

TEST_CASE("both layouts of tapdisk's statistics are parsed, and only the newer one counts errors") {
  CHECK(value_of(parse_tapdisk_statistics(bytes_of(page(tapdisk_statistics(kNumbers))))) == expected());
  CHECK(value_of(parse_older_tapdisk_statistics(bytes_of(page(older_tapdisk_statistics(kNumbers))))) ==
        older_expected());
}

TEST_CASE("tapdisk's statistics that are cut short at any byte are an error") {
  const auto newer = bytes_of(tapdisk_statistics(kNumbers));
  REQUIRE(newer.size() == 96);
  CHECK(parse_tapdisk_statistics(newer));
  for (std::size_t size = 0; size < newer.size(); ++size) {
    INFO(size);
    const std::vector<std::uint8_t> cut(newer.data(), newer.data() + size);
    const auto result = parse_tapdisk_statistics(cut);
    REQUIRE_FALSE(result);
    CHECK(result.error().message.find("cut short") != std::string::npos);
  }
  const auto older = bytes_of(older_tapdisk_statistics(kNumbers));
  REQUIRE(older.size() == 112);
  CHECK(parse_older_tapdisk_statistics(older));
  for (std::size_t size = 0; size < older.size(); ++size) {
    INFO(size);
    const std::vector<std::uint8_t> cut(older.data(), older.data() + size);
    const auto result = parse_older_tapdisk_statistics(cut);
    REQUIRE_FALSE(result);
    CHECK(result.error().message.find("cut short") != std::string::npos);
  }
}

TEST_CASE("tapdisk's statistics of an unknown version are an error") {
  for (const auto version : {0U, 2U, 0x01000000U}) {
    const auto result = parse_tapdisk_statistics(bytes_of(tapdisk_statistics(kNumbers, version)));
    REQUIRE_FALSE(result);
    CHECK(result.error().message == fmt::format("has version {}, expected 1", version));
  }
}

TEST_CASE("more sectors than bytes can be counted are not statistics") {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max() / 512;
  CHECK(parse_tapdisk_statistics(bytes_of(tapdisk_statistics({.rd_sectors = kMost}))));
  CHECK_FALSE(parse_tapdisk_statistics(bytes_of(tapdisk_statistics({.rd_sectors = kMost + 1}))));
  CHECK_FALSE(parse_tapdisk_statistics(bytes_of(tapdisk_statistics({.wr_sectors = kMost + 1}))));
  const std::string text =
      page("0 0 0 139 16344 34 2240 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
  CHECK_FALSE(parse_older_tapdisk_statistics(bytes_of(text)));
}

TEST_CASE("the process in xenstore names the file of tapdisk's statistics") {
  const TemporaryHost host;
  write_tapdisk(host, kPid, 1, kDevice, kNumbers);
  CHECK(value_of(read(host)) == expected());
  CHECK_FALSE(value_of(read(host, 4243)));
  CHECK_FALSE(value_of(read(host, std::nullopt)));
}

TEST_CASE("the older statistics of tapdisk are used only where the newer ones do not exist") {
  const TemporaryHost host;
  write_older_tapdisk(host, 1, kDevice, kNumbers);
  CHECK(value_of(read(host)) == older_expected());
  CHECK(value_of(read(host, std::nullopt)) == older_expected());
  write_tapdisk(host, kPid, 1, kDevice, kNumbers);
  CHECK(value_of(read(host)) == expected());
  host.write(kFile, page(tapdisk_statistics(kNumbers, 7)));
  CHECK(problem(host) == "/" + kFile + ": has version 7, expected 1");
}

TEST_CASE("tapdisk's statistics that another user may have placed are not read") {
  const TemporaryHost host;
  const auto file = host.path() / kFile;
  write_tapdisk(host, kPid, 1, kDevice, kNumbers);
  const auto elsewhere = host.path() / "elsewhere";
  SECTION("a symbolic link as file") {
    std::filesystem::rename(file, elsewhere);
    std::filesystem::create_symlink(elsewhere, file);
    CHECK(problem(host).ends_with("Too many levels of symbolic links"));
  }
  SECTION("a symbolic link as directory") {
    std::filesystem::rename(file.parent_path(), elsewhere);
    std::filesystem::create_directory_symlink(elsewhere, file.parent_path());
    CHECK(problem(host).ends_with("td3-4242: Not a directory"));
  }
  SECTION("a file where the directory should be") {
    host.remove("dev/shm/td3-4242");
    host.write("dev/shm/td3-4242", "x");
    CHECK(problem(host).ends_with("td3-4242: Not a directory"));
  }
  SECTION("a FIFO, which nobody writes") {
    host.remove(kFile);
    REQUIRE(mkfifo(file.c_str(), 0600) == 0);
    CHECK(problem(host).ends_with("not a regular file"));
  }
}

TEST_CASE("the devices that tapdisks have connected are found by their directories") {
  const TemporaryHost host;
  CHECK(find_tapdisks(host.root()).empty());
  for (const auto* name : {"vbd3-1-51712", "vbd3-1-51728", "vbd3-12-768", "vbd3-1", "vbd3-1-2-3", "vbd3-x-1",
                           "vbd3--1-1", "vbd3-1-4294967296", "vbd-1-1", "td3-42", "sem.x"}) {
    host.write(fmt::format("dev/shm/{}/io_ring", name), "");
  }
  CHECK(find_tapdisks(host.root()) ==
        std::map<std::uint32_t, std::set<std::uint32_t>>{{1, {1, 51712, 51728}}, {12, {768}}});
}

TEST_CASE("directories of other users do not fill the memory") {
  const TemporaryHost host;
  for (int device = 0; device < 300; ++device) {
    std::filesystem::create_directories(host.path() / fmt::format("dev/shm/vbd3-1-{}", device));
  }
  CHECK(find_tapdisks(host.root()).at(1).size() == 256);
}

} // namespace sfa::tapdisk_test
