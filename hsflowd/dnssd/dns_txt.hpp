// One string of a DNS TXT record into a Config, through the rows of the option table that allow it.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string_view>

namespace sfa::dnssd {

// `text` is `key=value` (RFC 6763, section 6.4). `record` names the record for origins and diagnostics:
// "_sflow._udp.example.com TXT". When something is said, the Config and the origins are unchanged. Repeatable
// options add up: start from a Config without them. A key that `record` has set before is not set again.
[[nodiscard]] std::optional<config::Diagnostic> set_from_dns_txt(config::Config& config,
                                                                 config::Origins& origins,
                                                                 std::string_view text,
                                                                 std::string_view record);

} // namespace sfa::dnssd
