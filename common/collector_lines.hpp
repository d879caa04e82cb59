// Collectors in hsflowd.auto (docs/auto-file.md): address and port in lines that the readers of host-sflow's
// file know, everything else in lines with a key of its own.
#pragma once

#include "common/result.hpp"
#include "common/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sfa {

// In the order of the file. Of two collectors with the same address and port, the one with details comes
// first, because a reader gives details to the first such collector that has none yet.
[[nodiscard]] std::vector<Collector> in_order(std::vector<Collector> collectors);

// `IP` or `IP PORT`; further words are ignored. Also host-sflow's `IP/PORT/DEVICE/NAMESPACE`.
[[nodiscard]] Result<Collector> parse_collector(std::string_view text);
[[nodiscard]] std::string format_collector(const Collector& collector);

// `IP PORT what=value...`; empty if the collector has nothing but address and port.
[[nodiscard]] std::string format_collector_details(const Collector& collector);
// Sets the details of the collector with this address and port. Unknown words are skipped. On error, the
// collectors are unchanged.
[[nodiscard]] Result<void> apply_collector_details(std::vector<Collector>& collectors, std::string_view text);

} // namespace sfa
