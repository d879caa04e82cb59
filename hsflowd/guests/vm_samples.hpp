// The sample source of guests, virtual machines and containers: one data source (class 3) for each. Several
// backends may know a guest. The first one wins, and the others fill in what it cannot know.
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
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

inline constexpr const char* kVmTableName = "vm-index"; // in the state directory

// The part of the configuration about guests.
struct VmSettings {
  // Backends that the configuration demands: they report when their hypervisor is absent.
  bool kvm = false;
  bool xen = false;
  bool proxmox = false;
  bool automatic = false; // also every other backend that finds its hypervisor
  std::string kvm_uri = {};
  bool xen_disks = true;
  bool xen_fresh_identity = false; // read names and NICs at every poll
  std::filesystem::path modules = {};
  Uuid host{}; // the name space of derived UUIDs
  std::filesystem::path ports_file = {};
  std::chrono::seconds refresh{60};
  std::chrono::seconds forget{180}; // when to drop the totals of a VM that has stopped

  bool operator==(const VmSettings&) const = default;
};

class VmSamples final : public polling::SampleSource {
public:
  // `sink` gets the samples. `access` has the root of the host's files and its link statistics.
  VmSamples(EventLoop& loop, Worker& disk, polling::SampleSink& sink, VmSourceOptions access,
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
    std::string winner = {};                      // of the last sample
    std::map<std::string, VmReading> others = {}; // the last ones of the backends that do not win
    MonotonicTime seen = {};                      // among the running VMs
  };

  void add(bool demanded, VmBackendOptions options);
  void read_table();
  void write_table();
  void update_list();
  void take(const VmBackend& from, std::vector<VmReading> readings);
  [[nodiscard]] const VmBackend* winner_of(const Uuid& uuid) const;

  EventLoop& loop_;
  polling::SampleSink& sink_;
  VmSourceOptions access_;
  StateFile state_file_;
  VmSettings settings_;
  VmTable table_;
  LoggedState table_state_{"VM index"};
  std::map<std::uint32_t, Uuid> running_; // by dsIndex
  std::map<Uuid, Vm> vms_;
  std::map<std::string, Worker> workers_; // by the backend's name: one that hangs delays only its own guests
  std::vector<std::unique_ptr<VmBackend>> backends_; // in the order in which they win a guest
};

} // namespace sfa::guests
