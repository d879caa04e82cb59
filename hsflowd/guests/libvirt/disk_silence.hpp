// When to say that the disks of one domain are missing.
#pragma once

#include "common/event_loop.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sfa::guests {

// Not at once, since on a busy machine one who is well answers late.
inline constexpr std::chrono::seconds kSilence{10};

class DiskSilence {
public:
  // At each poll: whether the disks are there, or else whether a call for them is stuck. Empty = nothing to
  // complain about.
  [[nodiscard]] std::string problem(bool disks, bool stuck, MonotonicTime now) {
    had_disks_ = had_disks_ || disks;
    if (disks || (!stuck && !had_disks_)) { // a driver that never told of disks has none to miss
      since_.reset();
      return {};
    }
    since_ = since_.value_or(now);
    if (now - *since_ < kSilence) {
      return {};
    }
    return stuck ? "QEMU does not answer; its disks are left out" : "its disks are not known now";
  }

private:
  bool had_disks_ = false;
  std::optional<MonotonicTime> since_;
};

} // namespace sfa::guests
