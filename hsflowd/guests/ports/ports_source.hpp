// The guests that only the switch knows, and what it knows about the others.
#pragma once

#include "guests/vm_source.hpp"

#include <memory>

namespace sfa::guests {

// Follows options.ports_file. Reads counters of the ports that the kernel has; ports without an ifIndex, such
// as vhost-user, have none. While the file cannot be parsed, the last good content stays.
[[nodiscard]] std::unique_ptr<VmSource> make_ports_source(const VmSourceOptions& options);

} // namespace sfa::guests
