// The sample source of virtual machines of all hypervisors: one data source (class 3) for each VM.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/state_file.hpp"
#include "common/worker.hpp"
#include "guests/vm_backend.hpp"
#include "guests/vm_table.hpp"
#include "guests/vm_totals.hpp"
#include "polling/sample_source.hpp"
#include "sources/counter_source.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

inline constexpr const char* kVmTableName = "vm-index"; // in the state directory

// The part of the configuration about virtual machines.
struct VmSettings {
  bool kvm = false;
  bool xen = false;
  bool automatic = false; // every hypervisor that exists on the host
  std::string kvm_uri = {};
  bool xen_disks = true;
  bool xen_fresh_identity = false; // read names and NICs at every poll
  std::filesystem::path modules = {};
  std::chrono::seconds refresh{60};
  std::chrono::seconds forget{180}; // when to drop the totals of a VM that has stopped

  bool operator==(const VmSettings&) const = default;
};

class VmSamples final : public polling::SampleSource {
public:
  // `sink` gets the samples.
  VmSamples(EventLoop& loop, Worker& disk, polling::SampleSink& sink, host::SysRoot root,
            std::filesystem::path state_file);

  // Changed settings take effect at once. VMs keep their totals and dsIndex.
  void configure(const VmSettings& settings);

  [[nodiscard]] std::string_view name() const override { return "vms"; }
  [[nodiscard]] std::vector<sflow::DataSource> data_sources() const override;
  [[nodiscard]] std::vector<sflow::CounterSample> sample(std::span<const sflow::DataSource> due) override;
  [[nodiscard]] std::vector<polling::SourceStatus> status(MonotonicTime now) const override;

  // virt_node for the host sample, from the last answer; absent without a hypervisor. Must not be read after
  // this object was destroyed.
  [[nodiscard]] std::unique_ptr<sources::CounterSource> make_virt_node_source() const;

private:
  struct Vm {
    std::uint32_t index = 0;
    VmTotals totals = {};
    LoggedState state;
    MonotonicTime seen = {}; // among the running VMs
  };

  void read_table();
  void write_table();
  void update_list();
  void take(const std::vector<VmReading>& readings);

  EventLoop& loop_;
  polling::SampleSink& sink_;
  host::SysRoot root_;
  StateFile state_file_;
  VmSettings settings_;
  VmTable table_;
  LoggedState table_state_{"VM index"};
  std::map<std::uint32_t, Uuid> running_; // by dsIndex
  std::map<Uuid, Vm> vms_;
  Worker worker_;
  std::vector<std::unique_ptr<VmBackend>> backends_;
};

} // namespace sfa::guests
