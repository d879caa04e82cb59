// host_cpu: load and processor time since boot.
#pragma once

#include "common/result.hpp"
#include "sources/counter_source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sfa::sources {

// proc/loadavg: its five fields have no names, only places (proc(5)).
struct LoadAverage {
  float one = 0; // runnable or waiting for disk, averaged over 1, 5 and 15 minutes
  float five = 0;
  float fifteen = 0;
  std::uint32_t running = 0; // scheduling entities: now runnable, the reader among them
  std::uint32_t total = 0;

  bool operator==(const LoadAverage&) const = default;
};
[[nodiscard]] Result<LoadAverage> parse_loadavg(std::string_view text);

// proc/stat. Times are in ticks of USER_HZ since boot, summed over all CPUs, as the kernel counts them: user
// contains guest, and nice contains guest_nice (proc(5)). Nothing = this kernel does not have it.
struct CpuStat {
  std::optional<std::uint64_t> user{}, nice{}, system{}, idle{}, iowait{}, irq{}, softirq{}, steal{}, guest{},
      guest_nice{};
  std::uint32_t cpus = 0; // online
  std::optional<std::uint64_t> interrupts{}, context_switches{};

  bool operator==(const CpuStat&) const = default;
};
[[nodiscard]] Result<CpuStat> parse_stat(std::string_view text);

// proc/uptime: whole seconds since boot.
[[nodiscard]] Result<std::uint32_t> parse_uptime(std::string_view text);

// proc/cpuinfo: the first CPU's speed in MHz; 0 when it does not say, as on arm64, or says "Unknown".
[[nodiscard]] Result<std::uint32_t> parse_cpu_mhz(std::string_view text);

// Milliseconds modulo 2^32, as a 32-bit counter goes. `user_hz` is sysconf(_SC_CLK_TCK).
[[nodiscard]] std::uint32_t ticks_to_ms(std::uint64_t ticks, std::uint64_t user_hz);

// Nothing on a host without proc/stat.
[[nodiscard]] std::unique_ptr<CounterSource> make_cpu_source();

} // namespace sfa::sources
