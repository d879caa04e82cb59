// What is only in a domain's XML (libvirt, "Domain XML format").
#pragma once

#include "common/result.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

struct DomainNic {
  std::string target; // <target dev>: the device on the host; empty if none (passthrough)
  std::optional<sflow::MacAddress> mac;

  bool operator==(const DomainNic&) const = default;
};

struct DomainXml {
  std::string arch;  // <os><type arch>: "x86_64"
  std::string os_id; // libosinfo's, from the metadata: "http://debian.org/debian/12"; empty = unknown
  std::vector<DomainNic> nics;
  bool has_disks = false;

  bool operator==(const DomainXml&) const = default;
};

[[nodiscard]] Result<DomainXml> parse_domain_xml(std::string_view text);

// host_descr's os_name of a libosinfo id, by its vendor; 0 if unknown.
[[nodiscard]] std::uint32_t os_name(std::string_view os_id);

// "debian/12" of "http://debian.org/debian/12".
[[nodiscard]] std::string os_release(std::string_view os_id);

} // namespace sfa::guests
