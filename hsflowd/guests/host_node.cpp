#include "guests/host_node.hpp"

#include "sources/cpu.hpp"
#include "sources/memory.hpp"

namespace sfa::guests {

Result<sflow::VirtNode> HostNode::read(const host::SysRoot& root) {
  if (!processors_) {
    const auto stat = host::parse_file(root, "proc/stat", sources::parse_stat);
    const auto mhz = host::parse_file(root, "proc/cpuinfo", sources::parse_cpu_mhz);
    if (!stat || !mhz) {
      return stat ? error_of(mhz) : error_of(stat);
    }
    processors_ = Processors{.mhz = mhz->value_or(0),
                             .count = *stat ? static_cast<std::uint32_t>((*stat)->cpus.size()) : 0};
  }
  const auto memory = host::parse_file(root, "proc/meminfo", sources::parse_meminfo);
  if (!memory) {
    return error_of(memory);
  }
  return sflow::VirtNode{.mhz = processors_->mhz,
                         .cpus = processors_->count,
                         .memory = *memory ? (*memory)->total : 0,
                         .memory_free = *memory ? (*memory)->free : 0,
                         .num_domains = 0};
}

} // namespace sfa::guests
