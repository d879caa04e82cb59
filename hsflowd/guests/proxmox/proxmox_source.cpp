#include "guests/proxmox/proxmox_source.hpp"

#include "guests/cgroups/cgroup.hpp"
#include "guests/cgroups/disk_stack.hpp"
#include "guests/guest_view.hpp"
#include "guests/host_node.hpp"
#include "guests/proxmox/guest_devices.hpp"
#include "guests/proxmox/guest_identities.hpp"
#include "guests/proxmox/running_guests.hpp"
#include "sources/host_descr.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <sys/utsname.h>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::uint32_t kLinux = 2; // os_name
// Values of virDomainState.
constexpr std::uint32_t kRunning = 1;
constexpr std::uint32_t kPaused = 3;
// To list the devices of 500 VMs takes 1 ms, and a poll of a few of them is due every second.
constexpr std::chrono::seconds kDevicesEvery{5};

// One guest of a poll.
struct Polled {
  GuestKey key;
  VmReading reading;
  std::vector<GuestDevice*> devices;
};

class ProxmoxSource final : public VmSource {
public:
  ProxmoxSource(const VmSourceOptions& options, ProxmoxCalls calls)
      : options_(options), machine_(sources::machine_type(calls.machine_name)),
        clock_(std::move(calls.clock)), configs_(std::move(calls.read_config), calls.patience),
        identities_(options.host) {}

  [[nodiscard]] Result<VmList> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> vms) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return node_.read(options_.root); }

private:
  void take_running(RunningGuests running);
  [[nodiscard]] std::string list_problem(bool has_cgroups) const;
  void follow_devices();
  void refresh_configs(std::span<const GuestKey> keys);
  [[nodiscard]] bool read_guest(Polled& polled);
  void read_cpu(const GuestKey& key, const std::string& cgroup, const CgroupReading& group,
                VmReading& reading) const;
  [[nodiscard]] Result<void> read_nics(std::span<Polled> guests);
  [[nodiscard]] Result<host::LinkCountersByIndex> counters_of(std::span<const Polled> guests);

  VmSourceOptions options_;
  std::uint32_t machine_;
  std::function<MonotonicTime()> clock_;
  ConfigFiles configs_;
  GuestIdentities identities_;
  RunningGuests running_;
  std::set<std::uint64_t> empty_groups_; // of the last list
  GuestDevices devices_;
  std::optional<MonotonicTime> devices_listed_; // nullopt: list them at the next poll
  std::set<std::uint32_t> new_devices_;         // VMIDs, whose configuration is read again
  std::unique_ptr<host::LinkStatistics> statistics_;
  DiskStack disk_stack_;
  HostNode node_;
  std::string os_release_;
};

Result<VmList> ProxmoxSource::list() {
  if (!proxmox_is_present(options_.root)) {
    return failure("no Proxmox VE on this host: /{} does not exist", kPidFiles);
  }
  node_.forget();
  disk_stack_.forget();
  os_release_ = options_.root.attribute("proc/sys/kernel/osrelease");
  const auto cgroups = find_cgroup2(options_.root);
  auto search = find_running_guests(options_.root, cgroups);
  const bool soon = !std::ranges::includes(empty_groups_, search.empty_groups);
  empty_groups_ = std::move(search.empty_groups);
  take_running(std::move(search.running));
  std::vector<GuestKey> keys;
  keys.reserve(running_.size());
  for (const auto& guest : running_) {
    keys.push_back(guest.first);
  }
  configs_.refresh(keys);
  new_devices_.clear();
  identities_.assign(running_, configs_);
  VmList result{.vms = {}, .problem = list_problem(!cgroups.empty()), .list_soon = soon};
  for (const auto& guest : identities_.guests()) {
    result.vms.push_back(guest.first);
  }
  return result;
}

void ProxmoxSource::take_running(RunningGuests running) {
  for (const auto& [key, guest] : std::exchange(running_, std::move(running))) {
    const auto now = running_.find(key);
    if (now == running_.end() || now->second != guest) {
      configs_.forget(key);
      identities_.forget(key);
    }
  }
}

// The first problem, and how many there are besides.
std::string ProxmoxSource::list_problem(bool has_cgroups) const {
  auto problems = configs_.problems();
  problems.insert(problems.end(), identities_.problems().begin(), identities_.problems().end());
  if (!has_cgroups) {
    problems.emplace_back("no cgroup v2: CPU, memory and disks of VMs are unknown, and containers not seen");
  }
  if (problems.size() < 2) {
    return problems.empty() ? std::string() : problems.front();
  }
  return fmt::format("{} (and {} more problems)", problems.front(), problems.size() - 1);
}

Result<std::vector<VmReading>> ProxmoxSource::read(std::span<const Uuid> vms) {
  if (!statistics_) {
    auto opened = options_.link_statistics();
    if (!opened) {
      return error_of(opened);
    }
    statistics_ = *std::move(opened);
  }
  follow_devices();
  std::vector<GuestKey> keys;
  std::vector<Polled> guests;
  for (const auto& uuid : vms) {
    if (const auto guest = identities_.guests().find(uuid); guest != identities_.guests().end()) {
      keys.push_back(guest->second);
      guests.push_back({.key = guest->second, .reading = {.uuid = uuid}, .devices = {}});
    }
  }
  refresh_configs(keys);
  std::erase_if(guests, [this](Polled& polled) { return !read_guest(polled); });
  const auto nics = read_nics(guests);
  std::vector<VmReading> readings;
  readings.reserve(guests.size());
  for (auto& guest : guests) {
    if (!nics && guest.reading.problem.empty()) {
      guest.reading.problem = nics.error().message;
    }
    readings.push_back(std::move(guest.reading));
  }
  return readings;
}

void ProxmoxSource::follow_devices() {
  const auto now = clock_();
  if (!devices_listed_ || now - *devices_listed_ >= kDevicesEvery) {
    devices_listed_ = now;
    new_devices_.merge(devices_.update(options_.root));
  }
}

// Reads the configurations again of those guests that have a NIC whose MAC may be another one than known.
// Proxmox VE writes the file when the NIC exists, and all other changes are seen by list().
void ProxmoxSource::refresh_configs(std::span<const GuestKey> keys) {
  std::vector<GuestKey> changed;
  for (const auto& key : keys) {
    const auto& known = configs_.of(key);
    const bool lacks_mac = known.state != ConfigFiles::State::unreadable &&
                           std::ranges::any_of(devices_.of(key), [&](const GuestDevice* device) {
                             return device->id.nic_of && !known.config.nics.contains(device->id.net);
                           });
    if (new_devices_.erase(key.vmid) > 0 || lacks_mac) {
      changed.push_back(key);
    }
  }
  configs_.refresh(changed);
}

// Everything but the NICs. False if the guest has stopped.
bool ProxmoxSource::read_guest(Polled& polled) {
  const auto& key = polled.key;
  const auto& config = configs_.of(key).config;
  const bool container = key.kind == GuestKind::container;
  auto& reading = polled.reading;
  reading.name = config.name.empty() ? fmt::format("{}{}", container ? "CT" : "VM", key.vmid) : config.name;
  reading.machine_type = machine_;
  if (container) { // which runs on the host's kernel
    reading.os_name = kLinux;
    reading.os_release = os_release_;
  }
  polled.devices = devices_.of(key);
  const auto& cgroup = running_.at(key).cgroup;
  if (cgroup.empty()) {
    return true;
  }
  const auto group = read_cgroup(options_.root, cgroup);
  if (!group) {
    return false;
  }
  reading.problem = group->problem;
  read_cpu(key, cgroup, *group, reading);
  if (group->memory) {
    const auto configured = config.memory.value_or(0);
    const auto limit = container ? read_memory_limit(options_.root, cgroup) : std::nullopt;
    reading.memory = VmMemory{.bytes = *group->memory, .max_bytes = limit.value_or(configured)};
  }
  if (group->disks) {
    reading.disks = disk_stack_.lowest(options_.root, *group->disks);
  }
  return true;
}

void ProxmoxSource::read_cpu(const GuestKey& key, const std::string& cgroup, const CgroupReading& group,
                             VmReading& reading) const {
  if (!group.cpu_ns) {
    return;
  }
  auto count = configs_.of(key).config.cpus;
  if (!count && key.kind == GuestKind::container) {
    count = read_cpu_limit(options_.root, cgroup);
  }
  reading.cpu = VmCpu{.state = group.events.frozen ? kPaused : kRunning,
                      .time_ns = *group.cpu_ns,
                      .count = count.value_or(0)};
}

Result<host::LinkCountersByIndex> ProxmoxSource::counters_of(std::span<const Polled> guests) {
  std::vector<const host::Interface*> interfaces;
  for (const auto& guest : guests) {
    for (const auto* device : guest.devices) {
      if (device->interface.index != 0) {
        interfaces.push_back(&device->interface);
      }
    }
  }
  return statistics_->read(options_.root, interfaces);
}

// The port of a firewall bridge is asked for its counters, too: that shows whether its ifIndex still exists.
Result<void> ProxmoxSource::read_nics(std::span<Polled> guests) {
  auto counters = counters_of(guests);
  bool changed = false;
  for (const auto& guest : guests) {
    for (auto* device : guest.devices) {
      if (counters && !counters->contains(device->interface.index)) {
        changed = GuestDevices::check(options_.root, *device) || changed;
        new_devices_.insert(guest.key.vmid);
        devices_listed_.reset();
      }
    }
  }
  if (changed) {
    counters = counters_of(guests);
  }
  if (!counters) {
    return error_of(counters);
  }
  for (auto& guest : guests) {
    const auto& macs = configs_.of(guest.key).config.nics;
    for (const auto* device : guest.devices) {
      const auto found = counters->find(device->interface.index);
      if (found == counters->end()) {
        continue; // unplugged
      }
      auto& nic = guest.reading.nics.emplace_back(
          VmNic{.device = device->interface.name, .if_index = device->interface.index});
      if (const auto mac = macs.find(device->id.net); mac != macs.end()) {
        nic.mac = mac->second;
      }
      if (device->id.nic_of) {
        nic.counters = guest_view(found->second);
      }
    }
  }
  return {};
}

} // namespace

std::unique_ptr<VmSource> make_proxmox_source(const VmSourceOptions& options, ProxmoxCalls calls) {
  return std::make_unique<ProxmoxSource>(options, std::move(calls));
}

std::unique_ptr<VmSource> make_proxmox_source(const VmSourceOptions& options) {
  utsname kernel{};
  (void)uname(&kernel);
  return make_proxmox_source(
      options, {.read_config = read_config_below(options.root), .machine_name = kernel.machine});
}

bool proxmox_is_present(const host::SysRoot& root) {
  return root.exists(kPidFiles);
}

} // namespace sfa::guests
