#include "guests/proxmox/guest_identities.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace sfa::guests {

namespace {

std::string name_of(const GuestKey& key) {
  return fmt::format("{} {}", key.kind == GuestKind::container ? "container" : "VM", key.vmid);
}

// Proxmox VE writes the pid file when the VM starts.
std::tuple<std::int64_t, std::int64_t, GuestKey> start_order(const GuestKey& key, const RunningGuest& guest) {
  const auto file = guest.pid_file.value_or(host::SysRoot::Version{});
  return {file.modified_s, file.modified_ns, key};
}

} // namespace

void GuestIdentities::assign(const RunningGuests& running, const ConfigFiles& configs) {
  std::vector<GuestKey> waiting;
  for (const auto& guest : running) {
    if (!uuids_.contains(guest.first) && is_exported(guest.first, configs.of(guest.first))) {
      waiting.push_back(guest.first);
    }
  }
  // In the order in which an hsflowd that ran all the time saw them, so that a restart swaps no UUIDs.
  std::ranges::sort(waiting, {}, [&](const GuestKey& key) { return start_order(key, running.at(key)); });
  for (const auto& key : waiting) {
    const auto uuid = choose(key, configs.of(key).config);
    by_uuid_.emplace(uuid, key);
    uuids_.emplace(key, uuid);
  }
  problems_.clear();
  for (const auto& guest : running) {
    report_shared(guest.first, configs.of(guest.first).config);
  }
}

bool GuestIdentities::is_exported(const GuestKey& key, const ConfigFiles::Known& known) {
  if (known.state == ConfigFiles::State::unknown || known.config.is_template) {
    return false;
  }
  // A container without a configuration is one of somebody else.
  return key.kind == GuestKind::vm || known.state != ConfigFiles::State::absent;
}

Uuid GuestIdentities::choose(const GuestKey& key, const GuestConfig& config) const {
  if (config.uuid && !by_uuid_.contains(*config.uuid)) {
    return *config.uuid;
  }
  auto uuid = derive(key);
  while (by_uuid_.contains(uuid)) { // the smbios1 of another guest can have any UUID
    uuid = derive_uuid(host_, format_uuid(uuid));
  }
  return uuid;
}

Uuid GuestIdentities::derive(const GuestKey& key) const {
  return derive_uuid(
      host_, fmt::format("proxmox {} {}", key.kind == GuestKind::container ? "lxc" : "qemu", key.vmid));
}

void GuestIdentities::report_shared(const GuestKey& key, const GuestConfig& config) {
  if (!uuids_.contains(key)) {
    return;
  }
  const auto holder = by_uuid_.find(config.uuid.value_or(derive(key)));
  if (holder != by_uuid_.end() && holder->second != key) {
    problems_.push_back(fmt::format("{} has the {} UUID of {}; it is exported with another one", name_of(key),
                                    config.uuid ? "smbios1" : "derived", name_of(holder->second)));
  }
}

void GuestIdentities::forget(const GuestKey& key) {
  if (const auto known = uuids_.find(key); known != uuids_.end()) {
    by_uuid_.erase(known->second);
    uuids_.erase(known);
  }
}

} // namespace sfa::guests
