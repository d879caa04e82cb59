#include "guests/xen/xen_source.hpp"

#include "common/deadline_call.hpp"
#include "common/text.hpp"
#include "common/uuid.hpp"
#include "guests/xen/domain_devices.hpp"
#include "guests/xen/domain_identity.hpp"
#include "sources/host_descr.hpp"

#include <algorithm>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::uint32_t kLinux = 2; // os_name

// What dom0 has for all domains at one poll.
struct Dom0Devices {
  BackEnds back_ends;
  std::map<std::uint32_t, std::set<std::uint32_t>> tapdisks;
  std::map<std::string, host::LinkCounters> links;
};

template <class Devices>
Devices of_domain(const std::map<std::uint32_t, Devices>& by_domain, std::uint32_t domain) {
  const auto found = by_domain.find(domain);
  return found == by_domain.end() ? Devices() : found->second;
}

class XenSource final : public VmSource {
public:
  XenSource(VmSourceOptions options, XenCalls calls)
      : options_(std::move(options)), calls_(std::move(calls)) {}

  [[nodiscard]] Result<VmList> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> vms) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return calls_.machine().map(read_node); }

private:
  void identify(const Uuid& uuid, std::uint32_t domain, const DomainDevices& devices);
  [[nodiscard]] DomainIdentity* identity_of(const Uuid& uuid, std::uint32_t domain);
  void read_nics(std::uint32_t domain, const Dom0Devices& devices, VmReading& reading);
  void read_disks(std::uint32_t domain, const Dom0Devices& devices, VmReading& reading);
  [[nodiscard]] std::string read_tapdisk_counters(DomainIdentity& identity, std::uint32_t device,
                                                  VmDisk& disk) const;

  VmSourceOptions options_;
  XenCalls calls_;
  std::optional<XenStoreCalls> xenstore_; // nullopt while there is no connection
  AbandonedCalls abandoned_ = no_abandoned_calls();
  std::string xenstore_problem_;
  std::map<Uuid, DomainIdentity> identities_;
};

Result<VmList> XenSource::list() {
  if (calls_.watch) {
    calls_.watch();
  }
  const auto domains = calls_.domains();
  if (!domains) {
    return error_of(domains);
  }
  const auto machines = virtual_machines(*domains);
  std::erase_if(identities_, [&](const auto& row) { return !machines.contains(row.first); });
  for (auto& [uuid, identity] : identities_) {
    identity.current = false; // it may have been renamed
  }
  VmList result;
  result.vms.reserve(machines.size());
  for (const auto& machine : machines) {
    result.vms.push_back(machine.first);
  }
  return result;
}

Result<std::vector<VmReading>> XenSource::read(std::span<const Uuid> vms) {
  const auto domains = calls_.domains();
  if (!domains) {
    return error_of(domains);
  }
  const auto machines = virtual_machines(*domains);
  auto links = host::parse_file(options_.root, "proc/net/dev", host::parse_net_dev);
  if (!links) {
    return error_of(links);
  }
  Dom0Devices devices{.back_ends = find_back_ends(options_.root), .tapdisks = {}, .links = {}};
  if (options_.disks) {
    devices.tapdisks = find_tapdisks(options_.root);
  }
  if (*links) {
    devices.links = std::move(**links);
  }
  xenstore_problem_.clear();
  std::vector<VmReading> readings;
  for (const auto& uuid : vms) {
    const auto machine = machines.find(uuid);
    if (machine == machines.end()) {
      continue;
    }
    const auto domain = machine->second.id;
    identify(
        uuid, domain,
        {.vifs = of_domain(devices.back_ends.vifs, domain), .tapdisks = of_domain(devices.tapdisks, domain)});
    auto reading = read_domain(machine->second);
    const auto identity = identities_.find(uuid);
    const bool known = identity != identities_.end() && !identity->second.name.empty();
    reading.name = known ? identity->second.name : format_uuid(uuid);
    reading.machine_type = sources::machine_type(calls_.machine_name);
    reading.os_name = known && identity->second.os_type == "linux" ? kLinux : 0;
    reading.problem = xenstore_problem_;
    read_nics(domain, devices, reading);
    if (options_.disks) {
      read_disks(domain, devices, reading);
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

// If xenstored does not answer, the known identity stays, and the other domains of this poll do not wait for
// it.
void XenSource::identify(const Uuid& uuid, std::uint32_t domain, const DomainDevices& devices) {
  const auto known = identities_.find(uuid);
  if (!options_.fresh_identity && known != identities_.end() && known->second.current &&
      known->second.covers(domain, devices)) {
    return;
  }
  if (!xenstore_problem_.empty()) {
    return;
  }
  constexpr unsigned kMostAbandoned = 3;
  if (abandoned_->load() >= kMostAbandoned) {
    xenstore_problem_ = "xenstored does not answer";
    return;
  }
  if (!xenstore_) {
    xenstore_ = calls_.xenstore();
  }
  auto identity = call_with_deadline(
      [xenstore = *xenstore_, domain, uuid, devices, disks = options_.disks] {
        return read_identity(xenstore, domain, uuid, devices, disks);
      },
      calls_.patience, abandoned_);
  if (!identity) {
    xenstore_.reset(); // it belongs to the thread that hangs
    xenstore_problem_ = "xenstored does not answer";
  } else if (!*identity) {
    xenstore_problem_ = identity->error().message;
  } else {
    if (known != identities_.end() && known->second.domain == domain) {
      (*identity)->missing_statistics = std::move(known->second.missing_statistics);
    }
    identities_.insert_or_assign(uuid, **std::move(identity));
  }
}

// nullptr if nothing is known about this run of the domain.
DomainIdentity* XenSource::identity_of(const Uuid& uuid, std::uint32_t domain) {
  const auto found = identities_.find(uuid);
  return found != identities_.end() && found->second.domain == domain ? &found->second : nullptr;
}

void XenSource::read_nics(std::uint32_t domain, const Dom0Devices& devices, VmReading& reading) {
  const auto* identity = identity_of(reading.uuid, domain);
  for (const auto& vif : of_domain(devices.back_ends.vifs, domain)) {
    for (auto& nic : read_vif(options_.root, domain, vif, devices.links)) {
      if (identity != nullptr) {
        const auto mac = identity->vifs.find(vif);
        nic.mac = mac == identity->vifs.end() ? std::nullopt : mac->second;
      }
      reading.nics.push_back(std::move(nic));
    }
  }
}

void XenSource::read_disks(std::uint32_t domain, const Dom0Devices& devices, VmReading& reading) {
  auto& disks = reading.disks.emplace();
  for (const auto& vbd : of_domain(devices.back_ends.vbds, domain)) {
    disks.push_back(read_vbd(options_.root, domain, vbd));
  }
  auto* identity = identity_of(reading.uuid, domain);
  if (identity == nullptr) {
    return;
  }
  for (const auto& [device, tapdisk] : identity->tapdisks) {
    VmDisk disk{.device = std::to_string(device)};
    // A domain has one front end for a device, so that its keys in vbd3 are remains if the kernel serves it.
    if (std::ranges::find(disks, disk.device, &VmDisk::device) != disks.end()) {
      continue;
    }
    disk.capacity = tapdisk.capacity;
    disk.allocation = tapdisk.capacity; // only the storage behind the device knows better
    disk.physical = tapdisk.capacity;
    const auto problem = read_tapdisk_counters(*identity, device, disk);
    if (reading.problem.empty()) {
      reading.problem = problem;
    }
    disks.push_back(std::move(disk));
  }
}

// Fills in the counters, or returns why there are none. While they are missing, xenstore is asked at each
// poll, since another tapdisk may serve the disk; so they are reported only if they are still missing
// afterwards.
std::string XenSource::read_tapdisk_counters(DomainIdentity& identity, std::uint32_t device,
                                             VmDisk& disk) const {
  const auto& pid = identity.tapdisks.at(device).pid;
  const auto statistics = read_tapdisk(options_.root, identity.domain, device, pid);
  if (statistics && *statistics) {
    disk.counters = (*statistics)->counters;
    disk.counts_errors = (*statistics)->counts_errors;
    identity.missing_statistics.erase(device);
    return {};
  }
  if (!statistics) {
    return statistics.error().message;
  }
  if (!pid && !identity.seen_tapdisks.contains(device)) {
    return {}; // a drive without a medium
  }
  identity.current = false;
  const bool begins = identity.missing_statistics.insert(device).second;
  return begins ? "" : fmt::format("tapdisk has no statistics for disk {}", device);
}

} // namespace

std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options, XenCalls calls) {
  return std::make_unique<XenSource>(options, std::move(calls));
}

} // namespace sfa::guests
