#include "guests/vm_samples.hpp"

#include "common/file.hpp"
#include "common/text.hpp"
#include "common/uuid.hpp"

#include <algorithm>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::uint32_t kVmClass = 3;

// libvirt's read-only sockets: that of libvirtd, and that of virtqemud, which serves QEMU alone.
bool libvirt_is_present(const host::SysRoot& root) {
  return root.exists("run/libvirt/libvirt-sock-ro") || root.exists("run/libvirt/virtqemud-sock-ro");
}

// Whether this is dom0, which controls the other domains.
bool xen_is_present(const host::SysRoot& root) {
  return root.attribute("proc/xen/capabilities").find("control_d") != std::string::npos;
}

class VirtNodeSource final : public sources::CounterSource {
public:
  explicit VirtNodeSource(const std::vector<std::unique_ptr<VmBackend>>& backends) : backends_(backends) {}

  [[nodiscard]] std::string_view name() const override { return sflow::VirtNode::kName; }
  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot&) override {
    for (const auto& backend : backends_) {
      if (const auto node = backend->node()) {
        return *node;
      }
    }
    return std::nullopt;
  }

private:
  const std::vector<std::unique_ptr<VmBackend>>& backends_;
};

} // namespace

VmSamples::VmSamples(EventLoop& loop, Worker& disk, polling::SampleSink& sink, host::SysRoot root,
                     std::filesystem::path state_file)
    : loop_(loop), sink_(sink), root_(std::move(root)), state_file_(disk, std::move(state_file)),
      worker_(loop) {
  read_table();
}

void VmSamples::configure(const VmSettings& settings) {
  if (std::exchange(settings_, settings) == settings) {
    return;
  }
  backends_.clear();
  const auto add = [&](bool wanted, VmBackendOptions options) {
    if (!wanted && !settings.automatic) {
      return;
    }
    options.only_if_present = !wanted;
    options.modules = settings.modules;
    options.refresh = settings.refresh;
    options.source.root = root_;
    backends_.push_back(std::make_unique<VmBackend>(
        loop_, worker_, std::move(options),
        VmBackend::Events{.listed = [this] { update_list(); },
                          .readings = [this](const auto& readings) { take(readings); }}));
  };
  // On a host with both, Xen owns the machine.
  add(settings.xen, {.name = "xen",
                     .module = "xen",
                     .present = xen_is_present,
                     .source = {.disks = settings.xen_disks, .fresh_identity = settings.xen_fresh_identity}});
  add(settings.kvm, {.name = "kvm",
                     .module = "libvirt",
                     .present = libvirt_is_present,
                     .source = {.uri = settings.kvm_uri}});
  if (backends_.empty()) {
    update_list();
  }
}

std::vector<sflow::DataSource> VmSamples::data_sources() const {
  std::vector<sflow::DataSource> result;
  for (const auto& [index, vm] : running_) {
    result.push_back({kVmClass, index});
  }
  return result;
}

std::vector<sflow::CounterSample> VmSamples::sample(std::span<const sflow::DataSource> due) {
  std::vector<Uuid> uuids;
  for (const auto& source : due) {
    if (const auto vm = running_.find(source.index); vm != running_.end()) {
      uuids.push_back(vm->second);
    }
  }
  for (const auto& backend : backends_) {
    const auto its = std::stable_partition(uuids.begin(), uuids.end(),
                                           [&](const Uuid& uuid) { return !backend->vms().contains(uuid); });
    backend->read(std::span(its, uuids.end()));
    uuids.erase(its, uuids.end());
  }
  return {};
}

std::vector<polling::SourceStatus> VmSamples::status(MonotonicTime now) const {
  std::vector<polling::SourceStatus> result;
  for (const auto& backend : backends_) {
    result.push_back(backend->status(now));
  }
  return result;
}

std::unique_ptr<sources::CounterSource> VmSamples::make_virt_node_source() const {
  return std::make_unique<VirtNodeSource>(backends_);
}

void VmSamples::read_table() {
  constexpr std::size_t kMaxBytes = 1 << 23; // more than a line for every index
  const auto text = read_file(state_file_.path(), kMaxBytes);
  auto table = text ? VmTable::parse(text->value_or("")) : error_of(text);
  if (table) {
    table_ = *std::move(table);
  } else {
    const Error error = text ? table.error().in(state_file_.path().native()) : table.error();
    table_state_.failed(Error{error.message + move_aside(state_file_.path())});
  }
}

void VmSamples::write_table() {
  state_file_.write(table_.format(), [this](const Result<void>& written) {
    if (written) {
      table_state_.ok();
    } else {
      table_state_.failed(written.error());
    }
  });
}

void VmSamples::update_list() {
  std::set<Uuid> uuids;
  for (const auto& backend : backends_) {
    uuids.insert(backend->vms().begin(), backend->vms().end());
  }
  const auto now = std::chrono::steady_clock::now();
  const auto old_table = table_;
  for (const auto& [index, uuid] : std::exchange(running_, {})) {
    vms_.at(uuid).seen = now;
  }
  for (const auto& uuid : uuids) {
    if (const auto index = table_.index_of(uuid, uuids)) {
      running_[*index] = uuid;
      auto& vm = vms_.try_emplace(uuid, Vm{.state = LoggedState("VM " + format_uuid(uuid))}).first->second;
      vm.index = *index;
      vm.seen = now;
    }
  }
  std::erase_if(vms_, [&](const auto& vm) { return now - vm.second.seen > settings_.forget; });
  if (table_ != old_table) {
    write_table();
  }
  sink_.data_sources_changed();
}

void VmSamples::take(const std::vector<VmReading>& readings) {
  std::vector<sflow::CounterSample> samples;
  for (const auto& reading : readings) {
    const auto vm = vms_.find(reading.uuid);
    if (vm == vms_.end() || !running_.contains(vm->second.index)) {
      continue; // it stopped while it was read
    }
    if (reading.problem.empty()) {
      vm->second.state.ok();
    } else {
      vm->second.state.failed(Error{printable(reading.name) + ": " + reading.problem});
    }
    samples.push_back({{kVmClass, vm->second.index}, vm->second.totals.blocks(reading)});
  }
  sink_.deliver(std::move(samples));
}

} // namespace sfa::guests
