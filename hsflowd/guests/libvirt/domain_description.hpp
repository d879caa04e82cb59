// What is known about a domain until its devices change.
#pragma once

#include "guests/libvirt/domain_stats.hpp"
#include "guests/libvirt/domain_xml.hpp"
#include "guests/vm_source.hpp"
#include "host/sys_root.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sfa::guests {

struct DomainDescription {
  std::uint32_t machine_type = 0;
  std::uint32_t os_name = 0;
  std::string os_release;
  std::vector<VmNic> nics; // without counters
  bool has_disks = false;
};

[[nodiscard]] DomainDescription describe_domain(const DomainXml& xml);

// The NICs with their current counters. An ifIndex that is not known yet is read and kept.
[[nodiscard]] std::vector<VmNic> read_nics(DomainDescription& description, const std::vector<NicStats>& stats,
                                           const host::SysRoot& root);

} // namespace sfa::guests
