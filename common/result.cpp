#include "common/result.hpp"

#include <cerrno>
#include <system_error>

namespace sfa {

Error Error::in(std::string_view place) const {
  return Error{fmt::format("{}: {}", place, message), number};
}

tl::unexpected<Error> errno_failure(std::string_view what) {
  const int error = errno;
  return tl::unexpected(Error{fmt::format("{}: {}", what, std::generic_category().message(error)), error});
}

} // namespace sfa
