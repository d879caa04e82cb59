// host_net_io: what went into and out of this host.
#pragma once

#include "common/result.hpp"
#include "sources/continuous_total.hpp"
#include "sources/counter_source.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace sfa {

// One line of proc/net/dev.
struct NetCounters {
  std::uint64_t bytes_in = 0;
  std::uint64_t packets_in = 0;
  std::uint64_t errors_in = 0;
  std::uint64_t drops_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t packets_out = 0;
  std::uint64_t errors_out = 0;
  std::uint64_t drops_out = 0;

  // Many drivers on a 32-bit kernel count in an unsigned long.
  static constexpr std::array kCounters{
      KernelCounter{&NetCounters::bytes_in, kLongBits},   KernelCounter{&NetCounters::packets_in, kLongBits},
      KernelCounter{&NetCounters::errors_in, kLongBits},  KernelCounter{&NetCounters::drops_in, kLongBits},
      KernelCounter{&NetCounters::bytes_out, kLongBits},  KernelCounter{&NetCounters::packets_out, kLongBits},
      KernelCounter{&NetCounters::errors_out, kLongBits}, KernelCounter{&NetCounters::drops_out, kLongBits}};
  bool operator==(const NetCounters&) const = default;
};
// By name of the device. The columns are found by the names in the second line.
[[nodiscard]] Result<std::map<std::string, NetCounters>> parse_net_dev(std::string_view text);

// Names of the devices through which packets enter and leave the host, each packet once: those that have a
// `device` in sys/class/net, that is, hardware and a guest's paravirtual NIC. Bridges, bonds, VLANs and taps
// have none, and would count again what passed a NIC, or what never left the host. Not counted although they
// have one:
// - the backend of a guest's NIC in a Xen dom0 (vif1.0), which is the guest's side of the switch;
// - a NIC below another NIC (a virtual function below its Hyper-V or virtio failover device), which counts
//   for both.
// Not told apart from NICs: virtual functions that the host itself uses, representors of virtual functions
// (switchdev), and ports of a switch chip below a NIC (DSA).
[[nodiscard]] std::set<std::string> physical_nics(const SysRoot& root);

// The same for a host that has no NIC, such as a container or a network namespace, so that it has numbers
// too: Ethernet devices that are not stacked on others (VLAN, team), nor part of a switch (bridge, its ports,
// taps) or a bond. What is left is the near end of a veth pair or a macvlan.
[[nodiscard]] std::set<std::string> uplinks_without_nic(const SysRoot& root);

// Nothing on a host without any such device.
[[nodiscard]] std::unique_ptr<CounterSource> make_net_io_source();

} // namespace sfa
