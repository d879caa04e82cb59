// The counters of a guest's NIC, from those of its device on the host.
#pragma once

#include "guests/vm_source.hpp"
#include "host/link_counters.hpp"

#include <utility>

namespace sfa::guests {

// Of a device that is the guest's own end, such as an internal port of Open vSwitch.
[[nodiscard]] constexpr VmNicCounters own_view(const host::LinkCounters& device) {
  return {.rx_bytes = device.bytes_in,
          .rx_packets = device.packets_in,
          .rx_errs = device.errors_in,
          .rx_drop = device.drops_in,
          .tx_bytes = device.bytes_out,
          .tx_packets = device.packets_out,
          .tx_errs = device.errors_out,
          .tx_drop = device.drops_out};
}

// What a tap, a vif or the host's end of a veth pair received, the guest sent.
[[nodiscard]] constexpr VmNicCounters guest_view(host::LinkCounters port) {
  std::swap(port.bytes_in, port.bytes_out);
  std::swap(port.packets_in, port.packets_out);
  std::swap(port.errors_in, port.errors_out);
  std::swap(port.drops_in, port.drops_out);
  return own_view(port);
}

} // namespace sfa::guests
