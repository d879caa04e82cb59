// Xen's list of domains as values.
#pragma once

#include "guests/vm_source.hpp"

#include <cstdint>
#include <map>
#include <span>

namespace sfa::guests {

// What is used of xc_domaininfo_t, whose header is not C++ that every compiler takes.
struct XenDomain {
  std::uint32_t id = 0;
  Uuid uuid{};
  bool dying = false; // being torn down
  bool shut_down = false;
  bool paused = false;
  bool blocked = false;               // waits for an event
  bool serves_xenstore = false;       // to the others
  std::uint32_t shut_down_reason = 0; // xen/sched.h: 0 power off, 1 reboot, 2 suspend, 3 crash
  std::uint64_t cpu_time_ns = 0;
  std::uint32_t cpus = 0;  // online
  std::uint64_t pages = 0; // of 4 KiB
  std::uint64_t max_pages = 0;
};

// And of xc_physinfo_t.
struct XenMachine {
  std::uint32_t cpus = 0;
  std::uint32_t khz = 0;
  std::uint64_t pages = 0;
  std::uint64_t free_pages = 0;
};

// A domain's state as virt_cpu's: libvirt's numbers.
[[nodiscard]] std::uint32_t domain_state(const XenDomain& domain);

// The virtual machines among the domains, by UUID: not dom0, which is the host; not a domain that has no UUID
// yet, is being torn down, or serves the others (xenstore's). While a domain migrates within the host there
// are two of one UUID: the one that runs counts, then the newer one.
[[nodiscard]] std::map<Uuid, XenDomain> virtual_machines(std::span<const XenDomain> domains);

// What the hypervisor itself knows: state, CPU time and memory.
[[nodiscard]] VmReading read_domain(const XenDomain& domain);

// The whole machine, of which dom0 is a part.
[[nodiscard]] sflow::VirtNode read_node(const XenMachine& machine);

} // namespace sfa::guests
