// Files in a directory that any user may write, such as /dev/shm.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sfa::host {

// The first `bytes` bytes of a file in `directory`, or nullopt if one of both does not exist, or if the file
// is shorter: its owner is about to write it. An Error unless `owner` alone can have made them: both belong
// to it, nobody else may write them, neither is a symbolic link, and the file is a regular one without a
// second name, since a hard link may lead to any file. An unreasonably large file is an Error, too. Never
// blocks. Reads instead of mapping, because whoever truncates a mapped file kills its reader (SIGBUS).
[[nodiscard]] Result<std::optional<std::string>>
read_owned_file(const std::string& directory, const std::string& name, uid_t owner, std::size_t bytes);

// The directories in `directory` that belong to `owner` and whose name is wanted, in no order. Only the first
// `most` entries are visited, and only the names of the result are kept, because other users may make any
// number of entries.
[[nodiscard]] std::vector<std::string>
list_owned_directories(const std::string& directory, uid_t owner,
                       const std::function<bool(const std::string&)>& wanted, std::size_t most);

} // namespace sfa::host
