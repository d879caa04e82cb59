#include "guests/vm_samples.hpp"

#include "common/file.hpp"
#include "common/text.hpp"
#include "common/uuid.hpp"
#include "guests/ports/ports_source.hpp"
#include "guests/proxmox/proxmox_source.hpp"
#include "guests/vm_merge.hpp"

#include <algorithm>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::uint32_t kVmClass = 3;

// libvirt's read-only sockets: that of libvirtd, and that of virtqemud, which serves QEMU alone.
constexpr std::array kLibvirtSockets{"run/libvirt/libvirt-sock-ro", "run/libvirt/virtqemud-sock-ro"};

bool libvirt_is_present(const host::SysRoot& root) {
  return std::ranges::any_of(kLibvirtSockets, [&](const char* path) { return root.exists(path); });
}

// Whether this is dom0, which controls the other domains.
bool xen_is_present(const host::SysRoot& root) {
  return root.attribute("proc/xen/capabilities").find("control_d") != std::string::npos;
}

// What changes when a guest of Proxmox VE starts or stops.
constexpr std::array kProxmoxWatched{"run/qemu-server/*", "sys/fs/cgroup/qemu.slice/*",
                                     "sys/fs/cgroup/lxc/*"};

class VirtNodeSource final : public sources::CounterSource {
public:
  VirtNodeSource(const std::vector<std::unique_ptr<VmBackend>>& backends,
                 const std::map<std::uint32_t, Uuid>& running)
      : backends_(backends), running_(running) {}

  [[nodiscard]] std::string_view name() const override { return sflow::VirtNode::kName; }
  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot&) override {
    for (const auto& backend : backends_) {
      if (auto node = backend->node()) {
        node->num_domains = static_cast<std::uint32_t>(running_.size());
        return *node;
      }
    }
    return std::nullopt;
  }

private:
  const std::vector<std::unique_ptr<VmBackend>>& backends_;
  const std::map<std::uint32_t, Uuid>& running_;
};

} // namespace

VmSamples::VmSamples(EventLoop& loop, Worker& disk, polling::SampleSink& sink, VmSourceOptions access,
                     std::filesystem::path state_file)
    : loop_(loop), sink_(sink), access_(std::move(access)), state_file_(disk, std::move(state_file)) {
  read_table();
}

void VmSamples::configure(const VmSettings& settings) {
  if (std::exchange(settings_, settings) == settings) {
    return;
  }
  backends_.clear();
  for (auto& vm : vms_) {
    vm.second.others.clear();
  }
  auto source = access_;
  source.host = settings.host;
  // On a host with several, Xen owns the machine. The switch knows least about a guest.
  source.disks = settings.xen_disks;
  source.fresh_identity = settings.xen_fresh_identity;
  add(settings.xen, {.name = "xen", .module = "xen", .present = xen_is_present, .source = source});
  source = access_;
  source.host = settings.host;
  source.uri = settings.kvm_uri;
  add(settings.kvm, {.name = "kvm",
                     .module = "libvirt",
                     .present = libvirt_is_present,
                     .watched = {kLibvirtSockets.begin(), kLibvirtSockets.end()},
                     .source = source});
  add(settings.proxmox, {.name = "proxmox",
                         .make = [](const VmSourceOptions& options) { return make_proxmox_source(options); },
                         .present = proxmox_is_present,
                         .watched = {kProxmoxWatched.begin(), kProxmoxWatched.end()},
                         .source = source});
  source.ports_file = settings.ports_file.native();
  if (!source.ports_file.empty()) {
    const auto present = [file = source.ports_file](const host::SysRoot& root) { return root.exists(file); };
    add(false, {.name = "ports",
                .make = make_ports_source,
                .present = present,
                .watched = {source.ports_file},
                .source = source});
  }
  if (backends_.empty()) {
    update_list();
  }
}

// `options` without what all backends have in common.
void VmSamples::add(bool demanded, VmBackendOptions options) {
  if (!demanded && !settings_.automatic) {
    return;
  }
  options.only_if_present = !demanded;
  options.modules = settings_.modules;
  options.refresh = settings_.refresh;
  for (auto& path : options.watched) {
    path = access_.root.locate(path.native());
  }
  const auto index = backends_.size();
  auto& worker = workers_.try_emplace(options.name, loop_).first->second;
  backends_.push_back(
      std::make_unique<VmBackend>(loop_, worker, std::move(options),
                                  VmBackend::Events{.listed = [this] { update_list(); },
                                                    .readings =
                                                        [this, index](std::vector<VmReading> readings) {
                                                          take(*backends_[index], std::move(readings));
                                                        }}));
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
    std::vector<Uuid> its;
    std::ranges::copy_if(uuids, std::back_inserter(its),
                         [&](const Uuid& uuid) { return backend->vms().contains(uuid); });
    backend->read(its);
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
  return std::make_unique<VirtNodeSource>(backends_, running_);
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
  // After a reload, guests stay until the new backends have said which ones there are.
  if (!std::ranges::all_of(backends_, &VmBackend::settled)) {
    for (const auto& guest : running_) {
      uuids.insert(guest.second);
    }
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

const VmBackend* VmSamples::winner_of(const Uuid& uuid) const {
  const auto found =
      std::ranges::find_if(backends_, [&](const auto& backend) { return backend->vms().contains(uuid); });
  return found == backends_.end() ? nullptr : found->get();
}

// A sample is sent when its winner answers, with the last answers of the others: they may be those of the
// poll before.
void VmSamples::take(const VmBackend& from, std::vector<VmReading> readings) {
  std::vector<sflow::CounterSample> samples;
  for (auto& reading : readings) {
    const auto vm = vms_.find(reading.uuid);
    if (vm == vms_.end() || !running_.contains(vm->second.index)) {
      continue; // it stopped while it was read
    }
    if (winner_of(reading.uuid) != &from) {
      vm->second.others.insert_or_assign(from.name(), std::move(reading));
      continue;
    }
    for (const auto& backend : backends_) {
      const auto other = vm->second.others.find(backend->name());
      if (other != vm->second.others.end() && backend->vms().contains(reading.uuid)) {
        fill_in(reading, other->second);
      }
    }
    if (reading.problem.empty()) {
      vm->second.state.ok();
    } else {
      vm->second.state.failed(Error{printable(reading.name) + ": " + reading.problem});
    }
    if (std::exchange(vm->second.winner, from.name()) != from.name()) {
      vm->second.totals.source_changed();
    }
    samples.push_back({{kVmClass, vm->second.index}, vm->second.totals.blocks(reading)});
  }
  sink_.deliver(std::move(samples));
}

} // namespace sfa::guests
