// What a loadable module implements: a hypervisor's virtual machines. docs/adding-a-vm-source.md walks
// through a new one.
//
// A module is one shared object that exports `hsflowd_vm_module`. Everything in it is called on one worker
// thread, so it may block; it must still come back, since what hangs keeps every other VM waiting
// (call_with_deadline and CallLane are for calls that may not). Modules never log: they return what is wrong.
#pragma once

#include "common/result.hpp"
#include "host/continuous_total.hpp"
#include "host/sys_root.hpp"
#include "sflow/counters.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

// Of one virtual NIC, as the guest sees it: rx is what the guest received (sFlow Host Structures define
// virt_net_io by libvirt's virDomainInterfaceStats). A tap or vif on the host counts the other way round.
struct VmNicCounters {
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_errs = 0;
  std::uint64_t rx_drop = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_errs = 0;
  std::uint64_t tx_drop = 0;

  static constexpr std::array kCounters{host::KernelCounter{&VmNicCounters::rx_bytes, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::rx_packets, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::rx_errs, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::rx_drop, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::tx_bytes, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::tx_packets, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::tx_errs, host::kLongBits},
                                        host::KernelCounter{&VmNicCounters::tx_drop, host::kLongBits}};
  bool operator==(const VmNicCounters&) const = default;
};

struct VmNic {
  std::string device; // on the host: "vnet0", "vif1.0"; unique on the host
  std::optional<sflow::MacAddress> mac = {};
  std::uint32_t if_index = 0;                 // of `device`; 0 = unknown
  std::optional<VmNicCounters> counters = {}; // nothing: this kind of NIC has none (a device passed through)

  bool operator==(const VmNic&) const = default;
};

struct VmDiskCounters {
  std::uint64_t rd_req = 0;
  std::uint64_t rd_bytes = 0;
  std::uint64_t wr_req = 0;
  std::uint64_t wr_bytes = 0;
  std::uint64_t errs = 0;

  static constexpr std::array kCounters{
      host::KernelCounter{&VmDiskCounters::rd_req, 64U}, host::KernelCounter{&VmDiskCounters::rd_bytes, 64U},
      host::KernelCounter{&VmDiskCounters::wr_req, 64U}, host::KernelCounter{&VmDiskCounters::wr_bytes, 64U},
      host::KernelCounter{&VmDiskCounters::errs, 64U}};
  bool operator==(const VmDiskCounters&) const = default;
};

struct VmDisk {
  std::string device;         // in the guest: "vda", "51712"
  std::uint64_t capacity = 0; // bytes; 0 = unknown, also below
  std::uint64_t allocation = 0;
  std::uint64_t physical = 0;
  std::optional<VmDiskCounters> counters = {}; // nothing: not known
  bool counts_errors = false;                  // false: `errs` says nothing

  bool operator==(const VmDisk&) const = default;
};

struct VmReading {
  Uuid uuid{};
  std::string name = {};
  std::uint32_t machine_type = 0; // as in HostDescr
  std::uint32_t os_name = 0;      // as in HostDescr
  std::string os_release = {};
  std::uint32_t state = 0;       // as in VirtCpu
  std::uint64_t cpu_time_ns = 0; // of all virtual CPUs since the machine was started
  std::uint32_t cpus = 0;
  std::uint64_t memory = 0;     // bytes
  std::uint64_t max_memory = 0; // bytes
  std::vector<VmNic> nics = {};
  std::optional<std::vector<VmDisk>> disks = {}; // nothing: not known now
  std::string problem = {};                      // why something is missing; empty = all is well

  bool operator==(const VmReading&) const = default;
};

class VmSource {
public:
  VmSource() = default;
  VmSource(const VmSource&) = delete;
  VmSource& operator=(const VmSource&) = delete;
  VmSource(VmSource&&) = delete;
  VmSource& operator=(VmSource&&) = delete;
  virtual ~VmSource() = default;

  // The VMs that there are now, running or paused; not the host itself. Connects when there is no connection.
  // Called at the start, after `changed`, every now and then in case an event was lost, and every few seconds
  // while it fails.
  [[nodiscard]] virtual Result<std::vector<Uuid>> list() = 0;

  // The values of those VMs now. One that has gone is left out.
  [[nodiscard]] virtual Result<std::vector<VmReading>> read(std::span<const Uuid> vms) = 0;

  // The whole machine, whatever part of it the host's own kernel sees. num_domains is filled in by the
  // caller.
  [[nodiscard]] virtual Result<sflow::VirtNode> node() = 0;
};

struct VmSourceOptions {
  host::SysRoot root = host::SysRoot();
  std::string uri = {};               // where the hypervisor answers; empty = the usual place
  bool disks = true;                  // whether the counters of disks are wanted
  bool fresh_identity = false;        // read names and NICs with every poll, whatever that costs
  std::function<void()> changed = {}; // VMs may have come or gone; may be called on any thread, never blocks
};

// The interface is C++, so a module fits only the build that it comes from. Raise the number with every
// change of what is above.
inline constexpr std::uint32_t kVmInterface = 1;

struct VmModule {
  std::uint32_t interface; // kVmInterface
  const char* version;     // PROJECT_VERSION
  std::unique_ptr<VmSource> (*make)(const VmSourceOptions& options);
};

inline constexpr const char* kVmModuleSymbol = "hsflowd_vm_module";

} // namespace sfa::guests

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): what is exported has to look the same in every module
#define HSFLOWD_VM_MODULE(make_source)                                                                       \
  extern "C" __attribute__((visibility("default"))) const sfa::guests::VmModule hsflowd_vm_module {          \
    sfa::guests::kVmInterface, PROJECT_VERSION, make_source                                                  \
  }
