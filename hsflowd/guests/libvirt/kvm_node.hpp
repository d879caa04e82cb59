// The whole machine, of which KVM's host sees all.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <optional>

namespace sfa::guests {

class KvmNode {
public:
  // From proc(5): /proc/meminfo, and at first /proc/stat and /proc/cpuinfo. Without the number of domains.
  [[nodiscard]] Result<sflow::VirtNode> read(const host::SysRoot& root);

  // The processors, which hardly change, are read anew.
  void forget() { processors_.reset(); }

private:
  struct Processors {
    std::uint32_t mhz = 0;
    std::uint32_t count = 0;
  };
  std::optional<Processors> processors_;
};

} // namespace sfa::guests
