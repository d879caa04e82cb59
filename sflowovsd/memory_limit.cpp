#include "sflowovsd/memory_limit.hpp"

#include <cstddef>
#include <fmt/format.h>
#include <malloc.h>
#include <stdexcept>
#include <sys/resource.h>

namespace sfa::sflowovsd {

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kMostWithPorts = 64 * kMiB;
constexpr std::size_t kMost = 128 * kMiB; // 5,000 bridges without ports take 22 MiB

// The most that was ever resident; cheap.
std::size_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// In use now. It takes milliseconds if there is much.
std::size_t heap_bytes() {
#if __GLIBC_PREREQ(2, 33)
  const auto info = mallinfo2();
#else
  const auto info = mallinfo();
#endif
  return static_cast<std::size_t>(info.uordblks) + static_cast<std::size_t>(info.hblkhd);
}

} // namespace

void limit_memory(PortsSession& ports, const std::string& database) {
  if (peak_bytes() < kMostWithPorts) {
    return;
  }
  const std::size_t used = heap_bytes();
  if (ports.are_followed() && used > kMostWithPorts) {
    ports.drop(Error{fmt::format(
        "more than {} MiB of memory are in use; the ports file is no longer updated; sFlow is not affected",
        kMostWithPorts / kMiB)});
    malloc_trim(0);
  } else if (used > kMost) {
    throw std::runtime_error(fmt::format(
        "more than {} MiB of memory are in use: {} sends more than a database of Open vSwitch has",
        kMost / kMiB, database));
  }
}

} // namespace sfa::sflowovsd
