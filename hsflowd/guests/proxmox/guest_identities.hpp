// The UUIDs of the running guests. A guest keeps its UUID as long as it runs: what changes in its
// configuration meanwhile, Proxmox VE itself applies at the next start.
#pragma once

#include "common/uuid.hpp"
#include "guests/proxmox/config_files.hpp"
#include "guests/proxmox/running_guests.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfa::guests {

class GuestIdentities {
public:
  // `host` is the name space of derived UUIDs.
  explicit GuestIdentities(const Uuid& host) : host_(host) {}

  // Gives each guest without a UUID one: that of its smbios1, or one derived from its VMID if it has none, or
  // if a guest that was seen before (of two new ones, the one with the lower VMID) has it already. Guests
  // without an answer from /etc/pve wait, so that their UUID does not change a moment later. `running` is
  // every guest that runs now.
  void assign(const RunningGuests& running, const ConfigFiles& configs);

  // A guest of an earlier run has left.
  void forget(const GuestKey& key);

  [[nodiscard]] const std::map<Uuid, GuestKey>& guests() const { return by_uuid_; }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

private:
  [[nodiscard]] std::optional<Uuid> choose(const GuestKey& key, const ConfigFiles::Known& known);

  Uuid host_;
  std::map<GuestKey, Uuid> uuids_;
  std::map<Uuid, GuestKey> by_uuid_;
  std::vector<std::string> problems_; // guests that share a UUID
};

} // namespace sfa::guests
