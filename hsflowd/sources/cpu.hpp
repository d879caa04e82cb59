// host_cpu: load and processor time since boot.
#pragma once

#include "common/result.hpp"
#include "host/continuous_total.hpp"
#include "sources/counter_source.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
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

// Processor times in ticks of USER_HZ since boot, as the kernel counts them: user contains guest, and nice
// contains guest_nice (proc(5)).
struct CpuTimes {
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0,
                guest = 0, guest_nice = 0;

  // The order is that of the columns, which are the kernel's interface: later kernels only ever added some at
  // the end.
  static constexpr std::array kCounters{
      host::KernelCounter{&CpuTimes::user, 64U},    host::KernelCounter{&CpuTimes::nice, 64U},
      host::KernelCounter{&CpuTimes::system, 64U},  host::KernelCounter{&CpuTimes::idle, 64U},
      host::KernelCounter{&CpuTimes::iowait, 64U},  host::KernelCounter{&CpuTimes::irq, 64U},
      host::KernelCounter{&CpuTimes::softirq, 64U}, host::KernelCounter{&CpuTimes::steal, 64U},
      host::KernelCounter{&CpuTimes::guest, 64U},   host::KernelCounter{&CpuTimes::guest_nice, 64U}};
  bool operator==(const CpuTimes&) const = default;
};

// proc/stat.
struct CpuStat {
  CpuTimes all;            // the line "cpu": the sum, without the idle time of CPUs that are offline
  std::size_t columns = 0; // of `all`; this kernel does not have the others
  std::map<std::uint32_t, CpuTimes> cpus; // those that are online
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
