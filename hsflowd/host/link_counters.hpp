// The kernel's counters of a network interface.
#pragma once

#include "common/result.hpp"
#include "host/continuous_total.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sfa::host {

// The counters in one line of proc/net/dev (dev_seq_printf_stats).
struct LinkCounters {
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t errors_in = 0;
  std::uint64_t drops_in = 0;     // by the host, and by the device for lack of buffers (rx_missed)
  std::uint64_t multicast_in = 0; // of packets_in
  std::uint64_t bytes_out = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t errors_out = 0;
  std::uint64_t drops_out = 0;

  // On a 32-bit kernel many drivers count in an unsigned long.
  static constexpr std::array kCounters{KernelCounter{&LinkCounters::bytes_in, kLongBits},
                                        KernelCounter{&LinkCounters::packets_in, kLongBits},
                                        KernelCounter{&LinkCounters::errors_in, kLongBits},
                                        KernelCounter{&LinkCounters::drops_in, kLongBits},
                                        KernelCounter{&LinkCounters::multicast_in, kLongBits},
                                        KernelCounter{&LinkCounters::bytes_out, kLongBits},
                                        KernelCounter{&LinkCounters::packets_out, kLongBits},
                                        KernelCounter{&LinkCounters::errors_out, kLongBits},
                                        KernelCounter{&LinkCounters::drops_out, kLongBits}};
  bool operator==(const LinkCounters&) const = default;
};
using LinkCountersByIndex = std::map<std::uint32_t, LinkCounters>; // ifIndex

// proc/net/dev, by the interface's name. The second line names the columns.
[[nodiscard]] Result<std::map<std::string, LinkCounters>> parse_net_dev(std::string_view text);

} // namespace sfa::host
