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
  auto statistics = parse(copy);
  if (!statistics) {
    return error_of(statistics, fmt::format("/{}/{}", directory, name));
  }
  return *std::move(statistics);
}

struct TapdiskDirectory {
  std::uint32_t domain = 0;
  std::uint32_t device = 0;
};

std::optional<TapdiskDirectory> parse_directory(std::string_view name) {
  const auto parts = split(name, "-");
  if (parts.size() != 3 || parts[0] != "vbd3") {
    return std::nullopt;
  }
  const auto domain = parse_number<std::uint32_t>(parts[1]);
  const auto device = parse_number<std::uint32_t>(parts[2]);
  return domain && device ? std::optional(TapdiskDirectory{*domain, *device}) : std::nullopt;
}

} // namespace

Result<std::optional<TapdiskStatistics>> parse_tapdisk_statistics(std::span<const std::uint8_t> bytes) {
  constexpr std::uint32_t kVersion = 1;
  Words words(bytes);
  const auto version = words.version();
  if (bytes.size() >= kBytes && version == 0) {
    return std::nullopt;
  }
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

std::map<std::uint32_t, std::set<std::uint32_t>> find_tapdisks(const host::SysRoot& root,
                                                               const std::set<std::uint32_t>& domains) {
  constexpr std::size_t kMostEntries = 65536;
  const auto wanted = [&](const std::string& name) {
    const auto found = parse_directory(name);
    return found && domains.contains(found->domain);
  };
  std::map<std::uint32_t, std::set<std::uint32_t>> result;
  for (const auto& name : root.list_owned(kSharedMemory, wanted, kMostEntries)) {
    if (const auto found = parse_directory(name)) {
      result[found->domain].insert(found->device);
    }
  }
  return result;
}

Result<std::optional<TapdiskStatistics>> read_tapdisk(const host::SysRoot& root, std::uint32_t domain,
                                                      std::uint32_t device,
                                                      const std::optional<std::uint32_t>& pid) {
  Result<std::optional<TapdiskStatistics>> newer = std::nullopt;
  if (pid) {
    newer = read_file(root, fmt::format("{}/td3-{}", kSharedMemory, *pid),
                      fmt::format("vbd-{}-{}", domain, device), kBytes, parse_tapdisk_statistics);
  }
  if (newer && *newer) {
    return newer;
  }
  auto older = read_file(root, fmt::format("{}/vbd3-{}-{}", kSharedMemory, domain, device), "statistics",
                         kOlderBytes, parse_older_tapdisk_statistics);
  // Any user may make a directory td3-PID before tapdisk does. That must not hide the older statistics.
  const bool found = older && *older;
  return newer || found ? older : newer;
}

} // namespace sfa::guests
