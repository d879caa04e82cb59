// The guests that the switch knows: the content of sflowovsd's ports file, which docs/ports-file.md
// describes.
#pragma once

#include "common/result.hpp"
#include "common/uuid.hpp"
#include "host/interface.hpp"
#include "sflow/counter_types.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

struct SwitchPort {
  host::Interface device;                    // only its name and its ifIndex, which is 0 if it has none
  std::optional<sflow::MacAddress> mac = {}; // of the guest's NIC
};

struct SwitchGuest {
  std::string name;
  std::vector<SwitchPort> ports;
};

struct PortsFile {
  std::map<Uuid, SwitchGuest> guests;
  std::size_t bad_ports = 0;  // left out: something about them is not as documented
  std::string first_bad = {}; // which one, and why
};

// A guest without a UUID gets one that is derived from its writer's name for it, in the name space `host`.
// Ports of Proxmox VE are left out: they are named after the guest, and that backend finds it by the same
// names. An Error if the text is no JSON object of version 1, as when the file is torn.
[[nodiscard]] Result<PortsFile> parse_ports_file(std::string_view text, const Uuid& host);

} // namespace sfa::guests
