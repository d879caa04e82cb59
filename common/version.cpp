#include "common/version.hpp"

namespace sfa {

const char kVersion[] = FULL_VERSION; // NOLINT(cppcoreguidelines-avoid-c-arrays,modernize-avoid-c-arrays)

} // namespace sfa
