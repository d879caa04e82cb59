// Files in a directory that any user may write, such as /dev/shm.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <sys/types.h>

namespace sfa::host {

// The first `bytes` bytes of a file in `directory`, or nullopt if one of both does not exist. An Error unless
// `owner` alone can have made them: both belong to it, nobody else may write them, neither is a symbolic
// link, and the file is a regular one without a second name, since a hard link may lead to any file. A file
// shorter than `bytes`, or unreasonably large, is an Error, too. Never blocks. Reads instead of mapping,
// because whoever truncates a mapped file kills its reader (SIGBUS).
[[nodiscard]] Result<std::optional<std::string>>
read_owned_file(const std::string& directory, const std::string& name, uid_t owner, std::size_t bytes);

} // namespace sfa::host
