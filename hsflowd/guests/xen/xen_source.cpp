#include "guests/xen/xen_source.hpp"

#include "common/deadline_call.hpp"
#include "common/text.hpp"
#include "common/uuid.hpp"
#include "guests/xen/domain_devices.hpp"
#include "host/interface.hpp"
#include "sources/host_descr.hpp"

#include <algorithm>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::uint32_t kLinux = 2; // os_name

// What xenstore has about one run of a domain.
struct Identity {
  std::uint32_t domain = 0;
  std::string name;
  std::string os_type; // of the kernel that the toolstack started: "linux", "hvm"
  std::map<std::string, std::optional<sflow::MacAddress>> vifs; // "0"
  bool current = true;                                          // false: read it again
};

Result<Identity> read_identity(const XenCalls::ReadKey& read, std::uint32_t domain, const Uuid& uuid,
                               const std::vector<std::string>& vifs) {
  Identity identity{.domain = domain, .name = {}, .os_type = {}, .vifs = {}, .current = true};
  const auto key = [&](const std::string& path) {
    return read(path).map([](std::optional<std::string> value) { return std::move(value).value_or(""); });
  };
  const auto name = key(fmt::format("/local/domain/{}/name", domain));
  const auto os_type = key(fmt::format("/vm/{}/image/ostype", format_uuid(uuid)));
  for (const auto* value : {&name, &os_type}) {
    if (!*value) {
      return error_of(*value);
    }
  }
  identity.name = *name;
  identity.os_type = *os_type;
  for (const auto& vif : vifs) {
    // The guest could write the front end's key, but not this one.
    const auto text = key(fmt::format("/local/domain/0/backend/vif/{}/{}/mac", domain, vif));
    if (!text) {
      return error_of(text);
    }
    const auto mac = host::parse_mac_address(*text);
    identity.vifs[vif] = mac ? *mac : std::nullopt;
  }
  return identity;
}

class XenSource final : public VmSource {
public:
  XenSource(VmSourceOptions options, XenCalls calls)
      : options_(std::move(options)), calls_(std::move(calls)) {}

  [[nodiscard]] Result<VmList> list() override;
  [[nodiscard]] Result<std::vector<VmReading>> read(std::span<const Uuid> vms) override;
  [[nodiscard]] Result<sflow::VirtNode> node() override { return calls_.machine().map(read_node); }

private:
  void identify(const Uuid& uuid, std::uint32_t domain, const std::vector<std::string>& vifs);
  void read_devices(std::uint32_t domain, const BackEnds& back_ends,
                    const std::map<std::string, host::LinkCounters>& devices, VmReading& reading);

  VmSourceOptions options_;
  XenCalls calls_;
  XenCalls::ReadKey xenstore_; // null while there is no connection
  AbandonedCalls abandoned_ = no_abandoned_calls();
  std::string xenstore_problem_;
  std::map<Uuid, Identity> identities_;
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
  auto devices = host::parse_file(options_.root, "proc/net/dev", host::parse_net_dev);
  if (!devices) {
    return error_of(devices);
  }
  auto back_ends = find_back_ends(options_.root);
  xenstore_problem_.clear();
  std::vector<VmReading> readings;
  for (const auto& uuid : vms) {
    const auto machine = machines.find(uuid);
    if (machine == machines.end()) {
      continue;
    }
    const auto domain = machine->second.id;
    identify(uuid, domain, back_ends.vifs[domain]);
    auto reading = read_domain(machine->second);
    const auto identity = identities_.find(uuid);
    const bool known = identity != identities_.end() && !identity->second.name.empty();
    reading.name = known ? identity->second.name : format_uuid(uuid);
    reading.machine_type = sources::machine_type(calls_.machine_name);
    reading.os_name = known && identity->second.os_type == "linux" ? kLinux : 0;
    reading.problem = xenstore_problem_;
    read_devices(domain, back_ends, devices->value_or(std::map<std::string, host::LinkCounters>{}), reading);
    readings.push_back(std::move(reading));
  }
  return readings;
}

// If xenstored does not answer, the known identity stays, and the other domains of this poll do not wait for
// it.
void XenSource::identify(const Uuid& uuid, std::uint32_t domain, const std::vector<std::string>& vifs) {
  const auto known = identities_.find(uuid);
  if (!options_.fresh_identity && known != identities_.end() && known->second.current &&
      known->second.domain == domain &&
      std::ranges::all_of(vifs, [&](const auto& vif) { return known->second.vifs.contains(vif); })) {
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
      [read = xenstore_, domain, uuid, vifs] { return read_identity(read, domain, uuid, vifs); },
      calls_.patience, abandoned_);
  if (!identity) {
    xenstore_ = nullptr; // it belongs to the thread that hangs
    xenstore_problem_ = "xenstored does not answer";
  } else if (!*identity) {
    xenstore_problem_ = identity->error().message;
  } else {
    identities_.insert_or_assign(uuid, **std::move(identity));
  }
}

void XenSource::read_devices(std::uint32_t domain, const BackEnds& back_ends,
                             const std::map<std::string, host::LinkCounters>& devices, VmReading& reading) {
  const auto of_domain = [&](const auto& by_domain) {
    const auto found = by_domain.find(domain);
    return found == by_domain.end() ? std::vector<std::string>() : found->second;
  };
  const auto identity = identities_.find(reading.uuid);
  for (const auto& vif : of_domain(back_ends.vifs)) {
    for (auto& nic : read_vif(options_.root, domain, vif, devices)) {
      if (identity != identities_.end() && identity->second.domain == domain) {
        const auto mac = identity->second.vifs.find(vif);
        nic.mac = mac == identity->second.vifs.end() ? std::nullopt : mac->second;
      }
      reading.nics.push_back(std::move(nic));
    }
  }
  if (!options_.disks) {
    return;
  }
  reading.disks.emplace();
  for (const auto& vbd : of_domain(back_ends.vbds)) {
    reading.disks->push_back(read_vbd(options_.root, domain, vbd));
  }
}

} // namespace

std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options, XenCalls calls) {
  return std::make_unique<XenSource>(options, std::move(calls));
}

} // namespace sfa::guests
