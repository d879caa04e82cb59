#include "sflowovsd/snapshot.hpp"

#include <fmt/format.h>

namespace sfa::sflowovsd {

std::string RowId::to_string() const {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", parts[0], parts[1] >> 16, parts[1] & 0xffff,
                     parts[2] >> 16, parts[2] & 0xffff, parts[3]);
}

} // namespace sfa::sflowovsd
