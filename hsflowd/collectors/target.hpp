// A collector and all addresses that it may be sent to.
#pragma once

#include "common/settings.hpp"

#include <vector>

namespace sfa::collectors {

struct Target {
  Collector collector;              // at the first of `addresses`
  std::vector<IpAddress> addresses; // best first; never empty

  bool operator==(const Target&) const = default;
};

} // namespace sfa::collectors
