// How hsflowd.auto writes collectors (docs/auto-file.md): address and port in lines that the older agent's
// readers know, all else about them in lines of its own.
#pragma once

#include "common/result.hpp"
#include "common/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sfa {

// In the order in which they are written. Of two with the same address and port, one with details comes
// first: they are read back as those of the first that has none yet.
[[nodiscard]] std::vector<Collector> in_order(std::vector<Collector> collectors);

// `IP` or `IP PORT`; more words are for readers that know what they mean. Also the older agent's
// `IP/PORT/DEVICE/NAMESPACE`.
[[nodiscard]] Result<Collector> parse_collector(std::string_view text);
[[nodiscard]] std::string format_collector(const Collector& collector);

// `IP PORT what=value...`; empty when there is no more to say than address and port.
[[nodiscard]] std::string format_collector_details(const Collector& collector);
// To the collector that has this address and port. Words that are not known are skipped. After an error they
// are as they were.
[[nodiscard]] Result<void> apply_collector_details(std::vector<Collector>& collectors, std::string_view text);

} // namespace sfa
