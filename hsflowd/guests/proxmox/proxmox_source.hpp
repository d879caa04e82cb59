// The virtual machines and containers of a Proxmox VE node. Their control groups have CPU time, memory and
// disks, the kernel has the counters of their NICs, and /etc/pve has names, UUIDs and MACs. The QMP socket of
// a VM is never used: it serves one client at a time, and that is Proxmox VE itself.
#pragma once

#include "common/event_loop.hpp"
#include "guests/proxmox/config_files.hpp"
#include "guests/vm_source.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sfa::guests {

// What a test replaces.
struct ProxmoxCalls {
  ReadConfig read_config;
  std::string machine_name = {};           // uname(2)
  std::chrono::milliseconds patience{500}; // how long a poll waits for /etc/pve
  std::function<MonotonicTime()> clock = MonotonicTime::clock::now;
};

[[nodiscard]] std::unique_ptr<VmSource> make_proxmox_source(const VmSourceOptions& options,
                                                            ProxmoxCalls calls);
[[nodiscard]] std::unique_ptr<VmSource> make_proxmox_source(const VmSourceOptions& options);

// Never touches /etc/pve, which may hang.
[[nodiscard]] bool proxmox_is_present(const host::SysRoot& root);

} // namespace sfa::guests
