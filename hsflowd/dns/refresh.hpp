// When to look a name up again.
#pragma once

#include "dns/dns_message.hpp"

#include <chrono>
#include <span>

namespace sfa::dns {

// The smallest TTL of the answer, but no less than 10 s and no more than 1 h.
[[nodiscard]] std::chrono::seconds refresh_after(std::span<const DnsAddress> answer);

// How long to wait after so many failures in a row: 5 s, doubled up to 5 min.
[[nodiscard]] std::chrono::seconds back_off(unsigned failures);

} // namespace sfa::dns
