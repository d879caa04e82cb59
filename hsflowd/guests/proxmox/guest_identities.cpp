#include "guests/proxmox/guest_identities.hpp"

#include <fmt/format.h>

namespace sfa::guests {

void GuestIdentities::assign(const RunningGuests& running, const ConfigFiles& configs) {
  problems_.clear();
  for (const auto& guest : running) {
    const auto& key = guest.first;
    const auto& known = configs.of(key);
    if (!uuids_.contains(key)) {
      const auto uuid = choose(key, known);
      if (uuid && by_uuid_.emplace(*uuid, key).second) {
        uuids_.emplace(key, *uuid);
      }
    }
    const auto holder = known.config.uuid ? by_uuid_.find(*known.config.uuid) : by_uuid_.end();
    if (holder != by_uuid_.end() && holder->second != key) {
      problems_.push_back(fmt::format("VM {} has the smbios1 UUID of VM {}; it is exported with another one",
                                      key.vmid, holder->second.vmid));
    }
  }
}

std::optional<Uuid> GuestIdentities::choose(const GuestKey& key, const ConfigFiles::Known& known) {
  const bool container = key.kind == GuestKind::container;
  if (known.state == ConfigFiles::State::unknown || known.config.is_template) {
    return std::nullopt;
  }
  if (container && known.state == ConfigFiles::State::absent) {
    return std::nullopt; // a container of somebody else
  }
  if (known.config.uuid && !by_uuid_.contains(*known.config.uuid)) {
    return known.config.uuid;
  }
  return derive_uuid(host_, fmt::format("proxmox {} {}", container ? "lxc" : "qemu", key.vmid));
}

void GuestIdentities::forget(const GuestKey& key) {
  if (const auto known = uuids_.find(key); known != uuids_.end()) {
    by_uuid_.erase(known->second);
    uuids_.erase(known);
  }
}

} // namespace sfa::guests
