// The sum of a counter over devices that come and go, which itself never falls: collectors compute rates from
// differences, and a total that falls when a device leaves looks to them like a wrapped counter and an absurd
// rate.
//
//   struct Counters {
//     std::uint64_t bytes = 0;
//     static constexpr std::array kCounters{KernelCounter{&Counters::bytes, 64U}};
//   };
//   ContinuousTotal<Counters> total;
//   total.advance({{"eth0", {100}}, {"eth1", {50}}}); // 150: the first time, what the kernel has counted
//   total.advance({{"eth0", {110}}});                 // 160: eth1 left, what it had counted stays
//   total.advance({{"eth0", {5}}});                   // 165: eth0 began again at 0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

namespace sfa::host {

// Most kernel counters are an unsigned long, and ours is as wide as the kernel's.
inline constexpr unsigned kLongBits = std::numeric_limits<unsigned long>::digits;

// One counter of a struct, and how wide the kernel keeps it: a 32-bit one that falls may have wrapped, a
// 64-bit one never does.
template <class Counters>
struct KernelCounter {
  std::uint64_t Counters::*value;
  unsigned bits;
};
template <class Counters>
KernelCounter(std::uint64_t Counters::*, unsigned) -> KernelCounter<Counters>;

// How far a counter moved from `last` to `now`. One that fell began again at 0, unless it has 32 bits and the
// way round past 2^32 is the shorter one. One that fell by less than half did not begin again: some drivers
// forget what a queue had counted that they give up. It moved by nothing that is known.
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

template <class Counters>
class ContinuousTotal {
public:
  // Takes what each device says now and returns the new totals. A device that was away and comes back counts
  // on from where it was.
  const Counters& advance(const std::map<std::string, Counters>& now) {
    for (const auto& [device, counters] : now) {
      Counters& last = last_[device];
      for (const auto& counter : Counters::kCounters) {
        total_.*counter.value += counter_delta(last.*counter.value, counters.*counter.value, counter.bits);
      }
      last = counters;
    }
    // Names that are never used twice must not fill the memory of a process that runs for years.
    if (last_.size() > now.size() + kMaxAway) {
      last_ = now;
    }
    return total_;
  }

private:
  static constexpr std::size_t kMaxAway = 1024;

  Counters total_{};
  std::map<std::string, Counters> last_;
};

} // namespace sfa::host
