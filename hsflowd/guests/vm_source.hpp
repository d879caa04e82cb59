// The interface of a source of guests: the virtual machines of a hypervisor, containers, or what the switch
// knows about its ports. Sources are built in or loadable modules. docs/adding-a-guest-source.md explains
// step by step how to write one.
//
// A module is one shared object that exports `hsflowd_vm_module`. All functions of a source are called on one
// worker thread of its own, so they may block. They must return nevertheless, because its other guests wait
// for them. For calls that may not return there are call_with_deadline and CallLane (see common/worker.hpp).
// Sources never log: they return errors.
#pragma once

#include "common/result.hpp"
#include "common/uuid.hpp"
#include "common/version.hpp"
#include "host/continuous_total.hpp"
#include "host/host_interfaces.hpp"
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

// Counters of one virtual NIC from the guest's point of view: rx is what the guest received (sFlow Host
// Structures define virt_net_io by libvirt's virDomainInterfaceStats). A tap or vif on the host has the
// opposite directions.
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
  std::string device; // on the host: "vnet0", "vif1.0"; unique on the host; empty if it was passed through
  std::optional<sflow::MacAddress> mac = {};
  std::uint32_t if_index = 0;                 // of `device`; 0 = unknown
  std::optional<VmNicCounters> counters = {}; // nullopt: this kind of NIC has none (passthrough)

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
  std::uint64_t capacity = 0; // bytes; 0 = unknown, as for the next two
  std::uint64_t allocation = 0;
  std::uint64_t physical = 0;
  std::optional<VmDiskCounters> counters = {}; // nullopt: unknown
  bool counts_errors = false;                  // false: `errs` has no meaning

  bool operator==(const VmDisk&) const = default;
};

struct VmCpu {
  std::uint32_t state = 0;   // as in VirtCpu
  std::uint64_t time_ns = 0; // of all virtual CPUs since the guest started
  std::uint32_t count = 0;

  bool operator==(const VmCpu&) const = default;
};

struct VmMemory {
  std::uint64_t bytes = 0;
  std::uint64_t max_bytes = 0;

  bool operator==(const VmMemory&) const = default;
};

struct VmReading {
  Uuid uuid{};
  std::string name = {};          // empty: unknown
  std::uint32_t machine_type = 0; // as in HostDescr
  std::uint32_t os_name = 0;      // as in HostDescr
  std::string os_release = {};
  std::optional<VmCpu> cpu = {};       // nullopt: unknown
  std::optional<VmMemory> memory = {}; // nullopt: unknown
  std::vector<VmNic> nics = {};
  std::optional<std::vector<VmDisk>> disks = {}; // nullopt: unknown now
  std::string problem = {};                      // why something is missing; empty = nothing is

  bool operator==(const VmReading&) const = default;
};

struct VmList {
  std::vector<Uuid> vms = {};
  std::string problem = {}; // why a guest, or something about one, is missing or old; empty = nothing is
  bool list_soon = false;   // a guest may be about to start, and no event will say so
};

class VmSource {
public:
  VmSource() = default;
  VmSource(const VmSource&) = delete;
  VmSource& operator=(const VmSource&) = delete;
  VmSource(VmSource&&) = delete;
  VmSource& operator=(VmSource&&) = delete;
  virtual ~VmSource() = default;

  // The guests that are running or paused now, without the host itself. Connects if there is no connection.
  // Called at the start, after `changed`, every now and then in case an event was lost, and every few seconds
  // while it fails.
  [[nodiscard]] virtual Result<VmList> list() = 0;

  // The current values of those VMs. A VM that has stopped is left out.
  [[nodiscard]] virtual Result<std::vector<VmReading>> read(std::span<const Uuid> vms) = 0;

  // The whole machine, even if the host's own kernel sees only a part of it. The caller fills in num_domains.
  [[nodiscard]] virtual Result<sflow::VirtNode> node() = 0;
};

struct VmSourceOptions {
  host::SysRoot root = host::SysRoot();
  // Reads the counters of the host's network devices. Each caller gets its own, for its own thread.
  std::function<Result<std::unique_ptr<host::LinkStatistics>>()> link_statistics = [] {
    return Result<std::unique_ptr<host::LinkStatistics>>(std::make_unique<host::LinkStatistics>());
  };
  Uuid host{};                        // of this host: the name space of UUIDs that a source derives
  std::string ports_file = {};        // what sflowovsd publishes
  std::string uri = {};               // address of the hypervisor; empty = the default
  bool disks = true;                  // read the counters of disks
  bool fresh_identity = false;        // read names and NICs at every poll, which costs more
  std::function<void()> changed = {}; // VMs may have started or stopped; never blocks; for any thread
};

// The interface is C++, so a module works only with the build that it comes from. Raise the number with every
// change above.
inline constexpr std::uint32_t kVmInterface = 3;

struct VmModule {
  std::uint32_t interface; // kVmInterface
  const char* version;     // kVersion
  std::unique_ptr<VmSource> (*make)(const VmSourceOptions& options);
};

inline constexpr const char* kVmModuleSymbol = "hsflowd_vm_module";

} // namespace sfa::guests

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): every module must export exactly the same
#define HSFLOWD_VM_MODULE(make_source)                                                                       \
  extern "C" __attribute__((visibility("default"))) const sfa::guests::VmModule hsflowd_vm_module {          \
    sfa::guests::kVmInterface, sfa::kVersion, make_source                                                    \
  }
