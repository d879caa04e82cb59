// The whole machine, for hypervisors whose host kernel sees all of it: not for Xen.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <optional>

namespace sfa::guests {

class HostNode {
public:
  // From proc(5): /proc/meminfo, and the first time /proc/stat and /proc/cpuinfo. Without the number of
  // domains.
  [[nodiscard]] Result<sflow::VirtNode> read(const host::SysRoot& root);

  // The next read() reads the processors again, which hardly ever change.
  void forget() { processors_.reset(); }

private:
  struct Processors {
    std::uint32_t mhz = 0;
    std::uint32_t count = 0;
  };
  std::optional<Processors> processors_;
};

} // namespace sfa::guests
