// Applies one string of a DNS TXT record to a Config, if the row of the option table allows it.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string_view>

namespace sfa::dnssd {

// `text` is `key=value` (RFC 6763, section 6.4). `record` names the record for origins and diagnostics:
// "_sflow._udp.example.com TXT". If a diagnostic is returned, the Config and the origins are unchanged.
// Repeatable options accumulate: start from a Config without them. A key that `record` has already set is not
// set again.
[[nodiscard]] std::optional<config::Diagnostic> set_from_dns_txt(config::Config& config,
                                                                 config::Origins& origins,
                                                                 std::string_view text,
                                                                 std::string_view record);

} // namespace sfa::dnssd
