#include "guests/xen/domain_identity.hpp"

#include "common/text.hpp"
#include "common/uuid.hpp"
#include "host/interface.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace sfa::guests {

namespace {

// The value of a key; empty if it does not exist.
Result<std::string> value(const XenStoreCalls& xenstore, const std::string& path) {
  return xenstore.read(path).map(
      [](std::optional<std::string> found) { return std::move(found).value_or(""); });
}

// 0 if it is unknown.
std::uint64_t size_of(std::string_view sectors) {
  const auto count = parse_number<std::uint64_t>(sectors).value_or(0);
  return count <= std::numeric_limits<std::uint64_t>::max() / kTapdiskSectorSize ? count * kTapdiskSectorSize
                                                                                 : 0;
}

Result<std::map<std::uint32_t, Tapdisk>> read_tapdisks(const XenStoreCalls& xenstore, std::uint32_t domain) {
  const auto back_ends = fmt::format("/local/domain/0/backend/vbd3/{}", domain);
  const auto names = xenstore.list(back_ends);
  if (!names) {
    return error_of(names);
  }
  std::map<std::uint32_t, Tapdisk> tapdisks;
  for (const auto& name : *names) {
    const auto device = parse_number<std::uint32_t>(name);
    if (!device) {
      continue;
    }
    // Named after the kernel thread of blkback, whose keys tapback imitates.
    const auto pid = value(xenstore, fmt::format("{}/{}/kthread-pid", back_ends, name));
    const auto sectors = value(xenstore, fmt::format("{}/{}/sectors", back_ends, name));
    for (const auto* key : {&pid, &sectors}) {
      if (!*key) {
        return error_of(*key);
      }
    }
    tapdisks[*device] = {.pid = parse_number<std::uint32_t>(*pid), .capacity = size_of(*sectors)};
  }
  return tapdisks;
}

} // namespace

bool DomainIdentity::covers(std::uint32_t id, const DomainDevices& devices) const {
  return domain == id &&
         std::ranges::all_of(devices.vifs, [&](const auto& vif) { return vifs.contains(vif); }) &&
         std::ranges::includes(seen_tapdisks, devices.tapdisks);
}

Result<DomainIdentity> read_identity(const XenStoreCalls& xenstore, std::uint32_t domain, const Uuid& uuid,
                                     const DomainDevices& devices, bool disks) {
  DomainIdentity identity{.domain = domain, .seen_tapdisks = devices.tapdisks};
  const auto name = value(xenstore, fmt::format("/local/domain/{}/name", domain));
  const auto os_type = value(xenstore, fmt::format("/vm/{}/image/ostype", format_uuid(uuid)));
  for (const auto* key : {&name, &os_type}) {
    if (!*key) {
      return error_of(*key);
    }
  }
  identity.name = *name;
  identity.os_type = *os_type;
  for (const auto& vif : devices.vifs) {
    // The guest could write the front end's key, but not this one.
    const auto text = value(xenstore, fmt::format("/local/domain/0/backend/vif/{}/{}/mac", domain, vif));
    if (!text) {
      return error_of(text);
    }
    const auto mac = host::parse_mac_address(*text);
    identity.vifs[vif] = mac ? *mac : std::nullopt;
  }
  if (disks) {
    auto tapdisks = read_tapdisks(xenstore, domain);
    if (!tapdisks) {
      return error_of(tapdisks);
    }
    identity.tapdisks = std::move(*tapdisks);
  }
  return identity;
}

} // namespace sfa::guests
