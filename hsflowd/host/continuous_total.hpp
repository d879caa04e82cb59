// The sum of a counter over devices that appear and disappear. The sum never falls: collectors compute rates
// from differences, and would take a lower total for a wrapped counter and show an absurd rate.
//
//   struct Counters {
//     std::uint64_t bytes = 0;
//     static constexpr std::array kCounters{KernelCounter{&Counters::bytes, 64U}};
//   };
//   ContinuousTotal<Counters> total;
//   total.advance({{"eth0", {100}}, {"eth1", {50}}}); // 150: what the kernel has counted so far
//   total.advance({{"eth0", {110}}});                 // 160: eth1 left, its 50 stay
//   total.advance({{"eth0", {5}}});                   // 165: eth0 restarted at 0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>

namespace sfa::host {

// Most kernel counters are an unsigned long, which is as wide here as in the kernel.
inline constexpr unsigned kLongBits = std::numeric_limits<unsigned long>::digits;

// One counter of a struct, and its width in the kernel. A 32-bit counter that falls may have wrapped; a
// 64-bit counter never wraps.
template <class Counters>
struct KernelCounter {
  std::uint64_t Counters::*value;
  unsigned bits;
};
template <class Counters>
KernelCounter(std::uint64_t Counters::*, unsigned) -> KernelCounter<Counters>;

// The increase of a counter from `last` to `now`. If it fell:
// - a 32-bit counter wrapped, if that is an increase of less than 2^31;
// - otherwise, a counter that fell by at least half restarted at 0;
// - otherwise the increase is unknown and taken for 0: some drivers lose the count of a queue that they
// remove.
[[nodiscard]] constexpr std::uint64_t counter_delta(std::uint64_t last, std::uint64_t now, unsigned bits) {
  if (now >= last) {
    return now - last;
  }
  const auto wrapped = static_cast<std::uint32_t>(now - last);
  const bool may_wrap = bits == 32 && last <= std::numeric_limits<std::uint32_t>::max();
  if (may_wrap && wrapped < std::uint32_t{1} << 31) {
    return wrapped;
  }
  return now <= last / 2 ? now : 0;
}

// `Device` identifies a device: its name, or its ifIndex.
template <class Counters, class Device = std::string>
class ContinuousTotal {
public:
  // Takes the current counters of each device and returns the new totals. A device that comes back continues
  // from its last values.
  const Counters& advance(const std::map<Device, Counters>& now) {
    auto next = last_.begin(); // both maps have the same order
    for (const auto& [device, counters] : now) {
      const auto found = last_.try_emplace(next, device);
      next = std::next(found);
      Counters& last = found->second;
      for (const auto& counter : Counters::kCounters) {
        total_.*counter.value += counter_delta(last.*counter.value, counters.*counter.value, counter.bits);
      }
      last = counters;
    }
    // Devices that are never seen again must not fill the memory of a process that runs for years.
    if (last_.size() > now.size() + kMaxAway) {
      last_ = now;
    }
    return total_;
  }

private:
  static constexpr std::size_t kMaxAway = 1024;

  Counters total_{};
  std::map<Device, Counters> last_;
};

} // namespace sfa::host
