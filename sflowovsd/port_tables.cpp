#include "sflowovsd/port_tables.hpp"

#include <algorithm>
#include <utility>

namespace sfa::sflowovsd {

void PortTables::visit_bridges(const std::function<bool(OvsBridge)>& visit) const {
  std::vector<const Bridge*> sorted;
  sorted.reserve(bridges.size());
  for (const auto& [id, bridge] : bridges) {
    sorted.push_back(&bridge);
  }
  std::ranges::sort(sorted, {}, [](const Bridge* bridge) -> const std::string& { return bridge->name; });
  for (const auto* bridge : sorted) {
    OvsBridge result{.name = bridge->name};
    result.ports.reserve(bridge->ports.size());
    for (const auto& id : bridge->ports) {
      if (const auto port = ports.find(id); port != ports.end()) {
        add_interfaces(port->second, result.ports);
      }
    }
    if (!visit(std::move(result))) {
      return;
    }
  }
}

void PortTables::add_interfaces(const Port& port, std::vector<OvsPort>& result) const {
  for (const auto& id : port.interfaces) {
    if (const auto interface = interfaces.find(id); interface != interfaces.end()) {
      result.push_back(interface->second);
      result.back().port = port.name;
      result.back().tag = port.tag;
    }
  }
}

} // namespace sfa::sflowovsd
