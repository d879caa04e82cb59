// Cumulative counters of the kernel as counters on the wire: they never fall, and never jump. Collectors
// compute rates from differences; they would take a lower value for a counter that has wrapped, and show an
// absurd rate.
//
//   struct Counters {
//     std::uint64_t bytes = 0;
//     static constexpr std::array kCounters{KernelCounter{&Counters::bytes, 64U}};
//   };
//   ContinuousTotal<Counters> total;                  // of devices that appear and disappear
//   total.advance({{"eth0", {100}}, {"eth1", {50}}}); // 150: what the kernel has counted so far
//   total.advance({{"eth0", {110}}});                 // 160: eth1 left, its 50 stay
//   total.advance({{"eth0", {5}}});                   // 165: eth0 restarted at 0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

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

// From one reading of a counter to the next.
enum class CounterStep {
  increased, // also if it wrapped
  restarted, // at 0
  back,      // by less than half, so that it did not restart: a correction, as of idle time (proc(5))
};
struct CounterIncrease {
  CounterStep step = CounterStep::increased;
  std::uint64_t increase = 0; // 0 if it went back
};

[[nodiscard]] constexpr CounterIncrease counter_increase(std::uint64_t last, std::uint64_t now,
                                                         unsigned bits) {
  constexpr auto kHalf = std::numeric_limits<std::uint64_t>::max() / 2;
  if (now > last && now - last > kHalf) { // a negative number that the kernel has formatted as unsigned
    return {.step = CounterStep::back, .increase = 0};
  }
  if (now >= last) {
    return {.step = CounterStep::increased, .increase = now - last};
  }
  const auto wrapped = static_cast<std::uint32_t>(now - last);
  const bool may_wrap = bits == 32 && last <= std::numeric_limits<std::uint32_t>::max();
  if (may_wrap && wrapped < std::uint32_t{1} << 31) {
    return {.step = CounterStep::increased, .increase = wrapped};
  }
  return now <= last / 2 ? CounterIncrease{.step = CounterStep::restarted, .increase = now}
                         : CounterIncrease{.step = CounterStep::back, .increase = 0};
}

// Follows the counters of one device. A counter that went back a little stands until it has caught up, so
// that one which trembles does not grow by that. After kPatience readings it goes on from where it is: the
// driver has removed a queue with its count, for instance.
template <class Counters>
class CounterReader {
public:
  // The next increase counts from here.
  void start_from(const Counters& now) {
    begun_ = true;
    last_ = now;
    back_ = {};
  }

  // The increase of each counter since the last call; at the first one, what the kernel has counted so far.
  Counters advance(const Counters& now) {
    if (std::exchange(begun_, true) == false) {
      last_ = now;
      return now;
    }
    Counters increase{};
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto& counter = Counters::kCounters[i];
      const std::uint64_t value = now.*counter.value;
      std::uint64_t& last = last_.*counter.value;
      const auto [step, by] = counter_increase(last, value, counter.bits);
      if (step == CounterStep::back && (value > last || ++back_[i] <= kPatience)) {
        continue;
      }
      increase.*counter.value = by;
      back_[i] = 0;
      last = value;
    }
    return increase;
  }

private:
  static constexpr std::size_t kCount = Counters::kCounters.size();
  static constexpr std::uint8_t kPatience = 10;

  bool begun_ = false;
  Counters last_{};
  std::array<std::uint8_t, kCount> back_{}; // readings in a row
};

template <class Counters>
void add(Counters& total, const Counters& increase) {
  for (const auto& counter : Counters::kCounters) {
    total.*counter.value += increase.*counter.value;
  }
}

// The counters of one device, beginning with the kernel's.
template <class Counters>
class ContinuousCounters {
public:
  const Counters& advance(const Counters& now) {
    add(total_, reader_.advance(now));
    return total_;
  }

private:
  CounterReader<Counters> reader_;
  Counters total_{};
};

// A single counter, which this kernel may not have.
class ContinuousCounter {
public:
  std::optional<std::uint64_t> advance(const std::optional<std::uint64_t>& now) {
    return now ? std::optional(counters_.advance({*now}).value) : std::nullopt;
  }

private:
  struct Counter {
    std::uint64_t value = 0;
    static constexpr std::array kCounters{KernelCounter{&Counter::value, kLongBits}};
  };
  ContinuousCounters<Counter> counters_;
};

// The sum over devices. `Device` identifies a device: its name, or its ifIndex.
template <class Counters, class Device = std::string>
class ContinuousTotal {
public:
  // Takes the current counters of each device and returns the new totals. A device that comes back continues
  // from its last values.
  const Counters& advance(const std::map<Device, Counters>& now) {
    auto next = readers_.begin(); // both maps have the same order
    for (const auto& [device, counters] : now) {
      const auto found = readers_.try_emplace(next, device);
      next = std::next(found);
      add(total_, found->second.advance(counters));
    }
    // Devices that are never seen again must not fill the memory of a process that runs for years.
    if (readers_.size() > now.size() + kMaxAway) {
      std::erase_if(readers_, [&](const auto& reader) { return !now.contains(reader.first); });
    }
    return total_;
  }

  // The same traffic is counted by other devices from now on, or by the same ones after a time when others
  // counted it: takes their values as the new beginning, and returns the totals as they were.
  const Counters& start_from(const std::map<Device, Counters>& now) {
    readers_.clear();
    for (const auto& [device, counters] : now) {
      readers_[device].start_from(counters);
    }
    return total_;
  }

private:
  static constexpr std::size_t kMaxAway = 256; // about 40 kB

  Counters total_{};
  std::map<Device, CounterReader<Counters>> readers_;
};

} // namespace sfa::host
