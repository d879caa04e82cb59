#include "guests/libvirt/domain_description.hpp"

#include "host/interface.hpp"
#include "sources/host_descr.hpp"

#include <algorithm>

namespace sfa::guests {

DomainDescription describe_domain(const DomainXml& xml) {
  DomainDescription result{.machine_type = sources::machine_type(xml.arch),
                           .os_name = os_name(xml.os_id),
                           .os_release = os_release(xml.os_id),
                           .nics = {},
                           .has_disks = xml.has_disks};
  for (const auto& nic : xml.nics) {
    result.nics.push_back({.device = nic.target, .mac = nic.mac});
  }
  return result;
}

std::vector<VmNic> read_nics(DomainDescription& description, const std::vector<NicStats>& stats,
                             const host::SysRoot& root) {
  std::vector<VmNic> result;
  for (auto& nic : description.nics) {
    if (nic.if_index == 0 && !nic.device.empty()) {
      nic.if_index =
          host::parse_interface_index(root.attribute("sys/class/net/" + nic.device + "/ifindex")).value_or(0);
    }
    result.push_back(nic);
    const auto counters = std::ranges::find(stats, nic.device, &NicStats::name);
    if (counters != stats.end()) {
      result.back().counters = counters->counters;
    }
  }
  return result;
}

} // namespace sfa::guests
