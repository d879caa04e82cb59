// mib2_ip_group, mib2_icmp_group, mib2_tcp_group and mib2_udp_group: what the kernel's IPv4 stack did. (What
// it counts for TCP has IPv6 in it, its UDP has not.)
#pragma once

#include "common/result.hpp"
#include "sources/counter_source.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sources {

// One group ("Ip", "Icmp", "Tcp", "Udp") of proc/net/snmp by the names of its columns (RFC 1213 without the
// prefix): which there are, and in which order, differs between kernels. Negative values are as in two's
// complement (MaxConn is -1). Nothing when there is no such group.
using SnmpGroup = std::map<std::string, std::uint64_t, std::less<>>;
[[nodiscard]] Result<std::optional<SnmpGroup>> parse_snmp_group(std::string_view text,
                                                                std::string_view group);

// The column of proc/net/snmp that a field of a mib2 structure comes from, in lower case: "inhdrerrors" for
// "ip_in_hdr_errors". The kernel and sFlow both have their names from the MIB.
[[nodiscard]] std::string snmp_column(std::string_view field);

// The four sources, in the order of their formats; the file is read once for all of them. A column that this
// kernel does not have leaves its field unknown. Nothing on a host without proc/net/snmp.
[[nodiscard]] std::vector<std::unique_ptr<CounterSource>> make_ip_stack_sources();

} // namespace sfa::sources
