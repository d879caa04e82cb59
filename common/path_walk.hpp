// The way to a file or directory, from directory to directory, so that nobody can exchange what was checked
// on the way.
#pragma once

#include "common/file.hpp"
#include "common/handle.hpp"
#include "common/result.hpp"

#include <filesystem>
#include <string>

namespace sfa {

// A name in an open directory (O_PATH). The name may not exist yet; it is no link that may be followed.
struct Place {
  UniqueFd directory;
  std::string name;
};

// As the kernel resolves a path (path_resolution(7)), but follows only those symbolic links that `links`
// permits: any other is an error, as is a path without a name at its end.
[[nodiscard]] Result<Place> walk_to(const std::filesystem::path& path, Links links);

} // namespace sfa
