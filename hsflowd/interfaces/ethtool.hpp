// Information from an interface's driver: the ioctl SIOCETHTOOL (linux/ethtool.h). Results are empty or
// nullopt if the driver does not support the request or refuses it.
#pragma once

#include "common/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sfa::interfaces {

class Ethtool {
public:
  // For interfaces of this network namespace. If no socket can be opened, all results are empty.
  Ethtool();

  // The names of the driver's counters (ethtool -S), and their values in the same order.
  [[nodiscard]] std::vector<std::string> counter_names(const std::string& interface) const;
  [[nodiscard]] std::vector<std::uint64_t> counters(const std::string& interface, std::size_t count) const;

  // The memory of a pluggable module: ETH_MODULE_* and its size. Reading it takes tens of milliseconds.
  struct Module {
    std::uint32_t type = 0;
    std::uint32_t bytes = 0;
  };
  [[nodiscard]] std::optional<Module> module(const std::string& interface) const;
  [[nodiscard]] std::optional<std::vector<std::uint8_t>>
  module_memory(const std::string& interface, std::uint32_t offset, std::uint32_t bytes) const;

private:
  [[nodiscard]] bool call(const std::string& interface, void* command) const;
  UniqueFd socket_;
};

} // namespace sfa::interfaces
