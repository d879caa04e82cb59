// When to report that the disks of one domain are missing.
#pragma once

#include "common/event_loop.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sfa::guests {

// Not at once: on a busy host a healthy QEMU answers late.
inline constexpr std::chrono::seconds kSilence{10};

class DiskSilence {
public:
  // Called at each poll: whether the disks were read, and if not, whether a call for them is stuck. Empty if
  // there is nothing to report.
  [[nodiscard]] std::string problem(bool disks, bool stuck, MonotonicTime now) {
    had_disks_ = had_disks_ || disks;
    if (disks || (!stuck && !had_disks_)) { // a driver that never reported disks has none to miss
      since_.reset();
      return {};
    }
    since_ = since_.value_or(now);
    if (now - *since_ < kSilence) {
      return {};
    }
    return stuck ? "QEMU does not answer; exporting the VM without disks"
                 : "cannot read its disks; exporting the VM without them";
  }

private:
  bool had_disks_ = false;
  std::optional<MonotonicTime> since_;
};

} // namespace sfa::guests
