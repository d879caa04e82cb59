// When to look up a name again.
#pragma once

#include "dns/dns_message.hpp"

#include <chrono>
#include <span>

namespace sfa::dns {

// The smallest TTL of the answer, but at least 10 s and at most 1 h.
[[nodiscard]] std::chrono::seconds refresh_after(std::span<const DnsAddress> answer);

// How long to wait after a number of consecutive failures: 5 s, doubled up to 5 min.
[[nodiscard]] std::chrono::seconds back_off(unsigned failures);

} // namespace sfa::dns
