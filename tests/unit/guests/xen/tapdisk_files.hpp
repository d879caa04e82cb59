// The statistics of tapdisk as it writes them: structs of C, followed by zeros up to a page.
#pragma once

#include "host/fixture_host.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <vector>

namespace sfa::test {

constexpr std::size_t kTapdiskPage = 4096;

struct TapdiskNumbers {
  std::uint64_t rd_req = 0;
  std::uint64_t rd_sectors = 0;
  std::uint64_t wr_req = 0;
  std::uint64_t wr_sectors = 0;
  std::uint64_t errors = 0;
};

inline std::string words_of(const std::vector<std::uint64_t>& words) {
  std::string bytes(words.size() * sizeof(std::uint64_t), '\0');
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

// blktap's drivers/tapdisk-metrics-stats.h.
inline std::string tapdisk_statistics(const TapdiskNumbers& n, std::uint32_t version = 1) {
  std::string bytes(sizeof(std::uint64_t), '\0');
  std::memcpy(bytes.data(), &version, sizeof(version));
  return bytes +
         words_of({901, n.rd_req, 902, n.rd_sectors, 903, n.wr_req, 904, n.wr_sectors, 905, n.errors, 906});
}

// blktap's include/blktap3.h.
inline std::string older_tapdisk_statistics(const TapdiskNumbers& n) {
  return words_of(
      {901, 902, 903, n.rd_req, 904, n.rd_sectors, 905, 906, n.wr_req, 907, n.wr_sectors, 908, 909, 910});
}

inline std::vector<std::uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

inline std::string page(std::string bytes) {
  bytes.resize(kTapdiskPage);
  return bytes;
}

// As tapdisk makes its files: nobody else may even look, whatever the umask is.
inline void write_private(const TemporaryHost& host, const std::string& file, const std::string& content) {
  using std::filesystem::perms;
  host.write(file, content);
  const auto path = host.path() / file;
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  std::filesystem::permissions(path.parent_path(), perms::owner_all);
}

// What a tapdisk with statistics of the newer kind makes when it connects to a domain.
inline void write_tapdisk(const TemporaryHost& host, int pid, int domain, int device,
                          const TapdiskNumbers& numbers) {
  write_private(host, fmt::format("dev/shm/vbd3-{}-{}/io_ring", domain, device), "nr_ents 32\n");
  write_private(host, fmt::format("dev/shm/td3-{}/vbd-{}-{}", pid, domain, device),
                page(tapdisk_statistics(numbers)));
}

inline void write_older_tapdisk(const TemporaryHost& host, int domain, int device,
                                const TapdiskNumbers& numbers) {
  write_private(host, fmt::format("dev/shm/vbd3-{}-{}/statistics", domain, device),
                page(older_tapdisk_statistics(numbers)));
}

} // namespace sfa::test
