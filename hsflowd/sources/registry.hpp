// All sources of the host sample.
#pragma once

#include "sources/counter_source.hpp"
#include "sources/host_interfaces.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sfa {

// What host_descr says about this host and the kernel does not put under /proc.
struct HostIdentity {
  std::string hostname;   // uname(2) nodename
  std::string machine;    // uname(2) machine
  std::string os_release; // uname(2) release
  Uuid uuid{};

  bool operator==(const HostIdentity&) const = default;
};

[[nodiscard]] std::vector<std::unique_ptr<CounterSource>>
make_host_sources(const HostIdentity& identity,
                  const std::shared_ptr<HostInterfaces>& interfaces = std::make_shared<HostInterfaces>());

} // namespace sfa
