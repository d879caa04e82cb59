// What a driver tells about its interface: the ioctl SIOCETHTOOL (linux/ethtool.h). All that a driver does
// not support, or refuses, is nothing.
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
  // Of this network namespace. Without a socket everything is nothing.
  Ethtool();

  // Names of the driver's own counters (ethtool -S), and their values in the same order.
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
