#include "sflowovsd/snapshot.hpp"

#include "common/uuid.hpp"

namespace sfa::sflowovsd {

std::string RowId::to_string() const {
  Uuid uuid;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    uuid[i] = static_cast<std::uint8_t>(parts[i / 4] >> (24 - 8 * (i % 4)));
  }
  return format_uuid(uuid);
}

} // namespace sfa::sflowovsd
