#include "interfaces/selection.hpp"

#include "common/text.hpp"

#include <algorithm>

namespace sfa::interfaces {

namespace {

bool is_port_of_open_vswitch(const host::Interface& interface, const host::Interfaces& all) {
  const auto master = all.find(interface.master);
  return master != all.end() && master->second.name == "ovs-system";
}

bool is_hardware(const host::Interface& interface) {
  return interface.device && !interface.guest_port;
}

} // namespace

bool is_aggregate(const host::Interface& interface, const host::Interfaces& all) {
  if (interface.bond) {
    return true;
  }
  const bool other_master = interface.device_type == "bridge" || interface.device_type == "vrf" ||
                            interface.name == "ovs-system" || interface.device;
  return !other_master && std::ranges::any_of(all, [&](const auto& entry) {
    return entry.second.master == interface.index && is_hardware(entry.second);
  });
}

bool is_exported(const host::Interface& interface, const host::Interfaces& all,
                 const InterfaceFilter& filter) {
  if (is_port_of_open_vswitch(interface, all) || matches_any(filter.exclude, interface.name)) {
    return false;
  }
  return is_hardware(interface) || is_aggregate(interface, all) ||
         matches_any(filter.include, interface.name);
}

} // namespace sfa::interfaces
