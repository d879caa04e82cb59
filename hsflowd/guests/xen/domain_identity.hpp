// What xenstore has about one run of a domain.
#pragma once

#include "guests/xen/tapdisk.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sfa::guests {

// A connection to xenstored. Calls may hang. They may come from different threads, but not before the last
// one has returned.
struct XenStoreCalls {
  // nullopt if the key does not exist.
  std::function<Result<std::optional<std::string>>(const std::string& path)> read;
  // Names of the keys directly below; empty if the key does not exist.
  std::function<Result<std::vector<std::string>>(const std::string& path)> list;
};

// The devices that dom0 has for a domain now.
struct DomainDevices {
  std::vector<std::string> vifs;    // "0"
  std::set<std::uint32_t> tapdisks; // as find_tapdisks() returns them
};

struct DomainIdentity {
  std::uint32_t domain = 0;
  std::string name = {};
  std::string os_type = {}; // of the kernel that the toolstack started: "linux", "hvm"
  std::map<std::string, std::optional<sflow::MacAddress>> vifs = {};
  std::map<std::uint32_t, Tapdisk> tapdisks = {};
  std::set<std::uint32_t> seen_tapdisks = {};      // in DomainDevices when this was read
  std::set<std::uint32_t> missing_statistics = {}; // of these tapdisks at the last poll
  bool current = true;                             // false: read it again

  // Whether it was read for this domain and since the devices exist.
  [[nodiscard]] bool covers(std::uint32_t id, const DomainDevices& devices) const;
};

// `disks`: with `tapdisks`.
[[nodiscard]] Result<DomainIdentity> read_identity(const XenStoreCalls& xenstore, std::uint32_t domain,
                                                   const Uuid& uuid, const DomainDevices& devices,
                                                   bool disks);

} // namespace sfa::guests
