// Xen's list of domains as values.
#pragma once

#include "guests/vm_source.hpp"

#include <cstdint>
#include <map>
#include <span>

namespace sfa::guests {

// The fields of xc_domaininfo_t that we use. Not every compiler accepts its header as C++.
struct XenDomain {
  std::uint32_t id = 0;
  Uuid uuid{};
  bool dying = false; // is being destroyed
  bool shut_down = false;
  bool paused = false;
  bool blocked = false;               // waits for an event
  bool serves_xenstore = false;       // to other domains
  std::uint32_t shut_down_reason = 0; // xen/sched.h: 0 power off, 1 reboot, 2 suspend, 3 crash
  std::uint64_t cpu_time_ns = 0;
  std::uint32_t cpus = 0;  // online
  std::uint64_t pages = 0; // of 4 KiB
  std::uint64_t max_pages = 0;
};

// The fields of xc_physinfo_t that we use.
struct XenMachine {
  std::uint32_t cpus = 0;
  std::uint32_t khz = 0;
  std::uint64_t pages = 0;
  std::uint64_t free_pages = 0;
};

// A domain's state as a value of virt_cpu, which has libvirt's numbers.
[[nodiscard]] std::uint32_t domain_state(const XenDomain& domain);

// The virtual machines among the domains, by UUID. Without dom0, which is the host, and without domains that
// have no UUID yet, are being destroyed, or serve xenstore. While a domain migrates within the host, two
// domains have its UUID: the running one counts, otherwise the newer one.
[[nodiscard]] std::map<Uuid, XenDomain> virtual_machines(std::span<const XenDomain> domains);

// The values that the hypervisor itself has: state, CPU time and memory.
[[nodiscard]] VmReading read_domain(const XenDomain& domain);

// The whole machine; dom0 sees only its share.
[[nodiscard]] sflow::VirtNode read_node(const XenMachine& machine);

} // namespace sfa::guests
