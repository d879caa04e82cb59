// The counters of a guest's NIC, from those of its port on the host.
#pragma once

#include "guests/vm_source.hpp"
#include "host/link_counters.hpp"

namespace sfa::guests {

// What a tap, a vif or the host's end of a veth pair received, the guest sent.
[[nodiscard]] constexpr VmNicCounters guest_view(const host::LinkCounters& port) {
  return {.rx_bytes = port.bytes_out,
          .rx_packets = port.packets_out,
          .rx_errs = port.errors_out,
          .rx_drop = port.drops_out,
          .tx_bytes = port.bytes_in,
          .tx_packets = port.packets_in,
          .tx_errs = port.errors_in,
          .tx_drop = port.drops_in};
}

} // namespace sfa::guests
