// Which calls about one domain are stuck. A domain is not asked for the same data again while such a call is
// out: each one occupies a thread of libvirtd.
#pragma once

#include "common/call_lane.hpp"

#include <utility>

namespace sfa::guests {

class DomainCalls {
public:
  // For state, CPU time, memory and NICs, which need no monitor of QEMU.
  [[nodiscard]] bool may_ask() const { return !is_pending(basics_); }
  // For the counters of disks.
  [[nodiscard]] bool may_ask_for_disks() const { return !is_disk_call_out(); }
  [[nodiscard]] bool is_disk_call_out() const { return is_pending(disks_); }
  // For the sizes of disks.
  [[nodiscard]] bool may_ask_for_sizes() const { return !is_pending(sizes_); }

  void basics_stuck(StuckCall call) { basics_ = std::move(call); }
  void disks_stuck(StuckCall call) { disks_ = std::move(call); }
  void sizes_stuck(StuckCall call) { sizes_ = std::move(call); }

private:
  StuckCall basics_;
  StuckCall disks_;
  StuckCall sizes_;
};

} // namespace sfa::guests
