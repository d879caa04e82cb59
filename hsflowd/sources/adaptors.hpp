// host_adapters: by which MAC addresses and ifIndexes the network knows this host. Virtual devices count too:
// a collector finds the guest behind a switch port by them.
#pragma once

#include "common/result.hpp"
#include "sources/counter_source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sfa {

// sys/class/net/NAME/flags, as "0x1003": the IFF_ bits of netdevice(7).
[[nodiscard]] Result<std::uint32_t> parse_interface_flags(std::string_view text);

// sys/class/net/NAME/ifindex.
[[nodiscard]] Result<std::uint32_t> parse_interface_index(std::string_view text);

// sys/class/net/NAME/address. Nothing for an address that is not a MAC (20 bytes on InfiniBand, none on a
// tunnel) or that is all zero.
[[nodiscard]] Result<std::optional<MacAddress>> parse_mac_address(std::string_view text);

// Interfaces that are up, not loopback, and have a MAC address, by ifIndex, the lowest 32 of them: that is as
// many as the structure takes, and devices of the hardware have the lowest. Nothing on a host without sysfs.
[[nodiscard]] std::unique_ptr<CounterSource> make_adaptors_source();

} // namespace sfa
