#include "common/uuid.hpp"

#include "common/text.hpp"

#include <uuid/uuid.h>

namespace sfa {

Result<Uuid> parse_uuid(std::string_view text) {
  constexpr std::size_t kDigits = 32;
  std::string dashed(text); // the only form that libuuid takes
  if (dashed.size() == kDigits) {
    for (const std::size_t place : {8U, 13U, 18U, 23U}) {
      dashed.insert(place, 1, '-');
    }
  }
  Uuid uuid{};
  if (uuid_parse(dashed.c_str(), uuid.data()) != 0 || dashed.size() != UUID_STR_LEN - 1) {
    return failure("'{}' is not a UUID", printable(text));
  }
  return uuid;
}

Uuid derive_uuid(const Uuid& name_space, std::string_view name) {
  Uuid uuid{};
  uuid_generate_sha1(uuid.data(), name_space.data(), name.data(), name.size());
  return uuid;
}

std::string format_uuid(const Uuid& uuid) {
  std::array<char, UUID_STR_LEN> text{};
  uuid_unparse_lower(uuid.data(), text.data());
  return text.data();
}

} // namespace sfa
