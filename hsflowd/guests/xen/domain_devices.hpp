// The back ends of domains' devices, from dom0's kernel.
#pragma once

#include "guests/vm_source.hpp"
#include "host/link_counters.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace sfa::guests {

// The entries of sys/bus/xen-backend/devices by domain id: "vbd-1-51712", "vif-1-0".
struct BackEnds {
  std::map<std::uint32_t, std::vector<std::string>> vbds; // "51712"
  std::map<std::uint32_t, std::vector<std::string>> vifs; // "0"
};
[[nodiscard]] BackEnds find_back_ends(const host::SysRoot& root);

// The vif of a domain, and the tap beside it while an HVM domain uses an emulated NIC. Without `mac`. The
// directions are swapped: what a vif in dom0 received, the guest sent.
[[nodiscard]] std::vector<VmNic> read_vif(const host::SysRoot& root, std::uint32_t domain,
                                          const std::string& vif,
                                          const std::map<std::string, host::LinkCounters>& devices);

// A disk that dom0's kernel serves (blkback), with the sizes of the device behind it.
[[nodiscard]] VmDisk read_vbd(const host::SysRoot& root, std::uint32_t domain, const std::string& vbd);

} // namespace sfa::guests
