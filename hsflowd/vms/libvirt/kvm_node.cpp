#include "vms/libvirt/kvm_node.hpp"

#include "sources/cpu.hpp"
#include "sources/memory.hpp"

namespace sfa {

Result<VirtNode> KvmNode::read(const SysRoot& root) {
  if (!processors_) {
    const auto stat = parse_file(root, "proc/stat", parse_stat);
    const auto mhz = parse_file(root, "proc/cpuinfo", parse_cpu_mhz);
    if (!stat || !mhz) {
      return tl::unexpected(stat ? mhz.error() : stat.error());
    }
    processors_ = Processors{.mhz = mhz->value_or(0), .count = *stat ? (*stat)->cpus : 0};
  }
  const auto memory = parse_file(root, "proc/meminfo", parse_meminfo);
  if (!memory) {
    return tl::unexpected(memory.error());
  }
  return VirtNode{.mhz = processors_->mhz,
                  .cpus = processors_->count,
                  .memory = *memory ? (*memory)->total : 0,
                  .memory_free = *memory ? (*memory)->free : 0,
                  .num_domains = 0};
}

} // namespace sfa
