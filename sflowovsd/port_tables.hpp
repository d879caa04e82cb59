// The rows of bridges, ports and interfaces, as values, and what they are together. Pure.
//
// The library's own replica would need 5 KB for each port, and could not give back what an update took on its
// way in (docs/decisions/0024-ports-over-a-second-connection.md).
#pragma once

#include "sflowovsd/ports.hpp"
#include "sflowovsd/snapshot.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sfa::sflowovsd {

struct PortTables {
  struct Bridge {
    std::string name;
    std::vector<RowId> ports; // sorted

    bool operator==(const Bridge&) const = default;
  };
  struct Port {
    std::string name;
    std::optional<std::uint32_t> tag;
    std::vector<RowId> interfaces;

    bool operator==(const Port&) const = default;
  };

  std::map<RowId, Bridge> bridges;
  std::map<RowId, Port> ports;
  std::map<RowId, OvsPort> interfaces; // without what the row of the port says

  // Each bridge with its ports, by name, until `visit` returns false. References to rows that do not exist
  // are skipped.
  void visit_bridges(const std::function<bool(OvsBridge)>& visit) const;

private:
  void add_interfaces(const Port& port, std::vector<OvsPort>& result) const;
};

} // namespace sfa::sflowovsd
