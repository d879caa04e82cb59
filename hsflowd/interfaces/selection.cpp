#include "interfaces/selection.hpp"

#include <algorithm>
#include <fnmatch.h>

namespace sfa {

namespace {

bool matches(const std::vector<std::string>& patterns, const std::string& name) {
  return std::ranges::any_of(
      patterns, [&](const auto& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

bool is_port_of_open_vswitch(const Interface& interface, const Interfaces& all) {
  const auto master = all.find(interface.master);
  return master != all.end() && master->second.name == "ovs-system";
}

bool is_hardware(const Interface& interface) {
  return interface.device && !interface.xen_backend;
}

} // namespace

bool is_aggregate(const Interface& interface, const Interfaces& all) {
  if (interface.bond) {
    return true;
  }
  const bool other_master = interface.device_type == "bridge" || interface.device_type == "vrf" ||
                            interface.name == "ovs-system" || interface.device;
  return !other_master && std::ranges::any_of(all, [&](const auto& entry) {
    return entry.second.master == interface.index && is_hardware(entry.second);
  });
}

bool is_exported(const Interface& interface, const Interfaces& all, const InterfaceFilter& filter) {
  if (is_port_of_open_vswitch(interface, all) || matches(filter.exclude, interface.name)) {
    return false;
  }
  return is_hardware(interface) || is_aggregate(interface, all) || matches(filter.include, interface.name);
}

} // namespace sfa
