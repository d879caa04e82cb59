// One `key=value` of a DNS TXT record into a Config, through the rows of the option table that allow it.
#pragma once

#include "common/result.hpp"
#include "config/load.hpp"

#include <string_view>

namespace sfa {

// `record` names the record for the origin: "TXT _sflow._udp.example.com". The error says "found X, expected
// Y"; the Config and the origins are unchanged then. Repeatable options add up: start from a Config without
// them.
[[nodiscard]] Result<void> set_from_dns_txt(Config& config, Origins& origins, std::string_view key,
                                            std::string_view value, std::string_view record);

} // namespace sfa
