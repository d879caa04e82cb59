#include "guests/xen/tapdisk.hpp"

#include "common/bytes.hpp"
#include "common/text.hpp"

#include <bit>
#include <cerrno>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::string_view kSharedMemory = "dev/shm";
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kBytes = 12 * kWord;      // of struct stats
constexpr std::size_t kOlderBytes = 14 * kWord; // of struct blkback_stats

// The counters in the order of the struct, in the byte order of the host: the writer is a process of this
// host.
class Words {
public:
  explicit Words(std::span<const std::uint8_t> bytes) : in_(bytes) {}

  std::uint32_t version() {
    const auto version = std::bit_cast<std::uint32_t>(in_.array<sizeof(std::uint32_t)>());
    in_.skip(sizeof(std::uint32_t)); // padding
    return version;
  }
  std::uint64_t next() { return std::bit_cast<std::uint64_t>(in_.array<kWord>()); }
  // tapdisk counts sectors of 512 bytes, whatever the disk has. A number beyond all disks is not of this
  // layout.
  std::uint64_t next_sectors() {
    const auto sectors = next();
    if (sectors > std::numeric_limits<std::uint64_t>::max() / kTapdiskSectorSize) {
      in_.fail("not a number of sectors");
      return 0;
    }
    return sectors * kTapdiskSectorSize;
  }
  void skip(std::size_t words) { in_.skip(words * kWord); }

  [[nodiscard]] Result<TapdiskStatistics> result(const TapdiskStatistics& statistics) const {
    if (!in_.ok()) {
      return tl::unexpected<Error>(in_.error());
    }
    return statistics;
  }

private:
  ByteReader in_;
};

template <class Parse>
Result<std::optional<TapdiskStatistics>> read_file(const host::SysRoot& root, const std::string& directory,
                                                   const std::string& name, std::size_t bytes, Parse parse) {
  const auto content = root.read_owned(directory, name, bytes);
  if (!content) {
    auto error = content.error();
    if (error.number == EACCES || error.number == EPERM) {
      error.message +=
          "; it needs CAP_DAC_READ_SEARCH or CAP_DAC_OVERRIDE, which the package hsflowd-xen grants";
    }
    return tl::unexpected<Error>(std::move(error));
  }
  if (!*content) {
    return std::nullopt;
  }
  const std::vector<std::uint8_t> copy((*content)->begin(), (*content)->end());
  const auto statistics = parse(copy);
  if (!statistics) {
    return error_of(statistics, fmt::format("/{}/{}", directory, name));
  }
  return *statistics;
}

} // namespace

Result<TapdiskStatistics> parse_tapdisk_statistics(std::span<const std::uint8_t> bytes) {
  constexpr std::uint32_t kVersion = 1;
  Words words(bytes);
  const auto version = words.version();
  if (bytes.size() >= kBytes && version != kVersion) {
    return failure("has version {}, expected {}", version, kVersion);
  }
  TapdiskStatistics statistics{.counts_errors = true};
  words.skip(1); // requests that waited for memory
  statistics.counters.rd_req = words.next();
  words.skip(1); // completed
  statistics.counters.rd_bytes = words.next_sectors();
  words.skip(1); // microseconds
  statistics.counters.wr_req = words.next();
  words.skip(1);
  statistics.counters.wr_bytes = words.next_sectors();
  words.skip(1);
  statistics.counters.errs = words.next();
  words.skip(1); // flags
  return words.result(statistics);
}

Result<TapdiskStatistics> parse_older_tapdisk_statistics(std::span<const std::uint8_t> bytes) {
  Words words(bytes);
  TapdiskStatistics statistics;
  words.skip(3); // discards, flushes, requests that waited for memory
  statistics.counters.rd_req = words.next();
  words.skip(1); // completed
  statistics.counters.rd_bytes = words.next_sectors();
  words.skip(2); // microseconds: sum, maximum
  statistics.counters.wr_req = words.next();
  words.skip(1);
  statistics.counters.wr_bytes = words.next_sectors();
  words.skip(3); // and flags
  return words.result(statistics);
}

std::map<std::uint32_t, std::set<std::uint32_t>> find_tapdisks(const host::SysRoot& root) {
  constexpr std::size_t kMostDevices = 256; // of a domain: other users must not fill the memory
  std::map<std::uint32_t, std::set<std::uint32_t>> result;
  for (const auto& name : root.list(kSharedMemory)) {
    const auto parts = split(name, "-");
    if (parts.size() != 3 || parts[0] != "vbd3") {
      continue;
    }
    const auto domain = parse_number<std::uint32_t>(parts[1]);
    const auto device = parse_number<std::uint32_t>(parts[2]);
    if (domain && device && result[*domain].size() < kMostDevices) {
      result[*domain].insert(*device);
    }
  }
  return result;
}

Result<std::optional<TapdiskStatistics>> read_tapdisk(const host::SysRoot& root, std::uint32_t domain,
                                                      std::uint32_t device,
                                                      const std::optional<std::uint32_t>& pid) {
  if (pid) {
    auto statistics = read_file(root, fmt::format("{}/td3-{}", kSharedMemory, *pid),
                                fmt::format("vbd-{}-{}", domain, device), kBytes, parse_tapdisk_statistics);
    if (!statistics || *statistics) {
      return statistics;
    }
  }
  return read_file(root, fmt::format("{}/vbd3-{}-{}", kSharedMemory, domain, device), "statistics",
                   kOlderBytes, parse_older_tapdisk_statistics);
}

} // namespace sfa::guests
