// Whole files: read with a bound, replaced without a moment in which a reader sees half of one.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sfa {

// The content; nothing when there is no such file. More than `max_bytes` is an error: what hostile input
// could grow without limit must not be read without one.
[[nodiscard]] Result<std::optional<std::string>> read_file(const std::filesystem::path& path,
                                                           std::size_t max_bytes);

// Writes a file beside `path` and renames it over `path` (rename(2) is atomic), following a symbolic link at
// `path` rather than replacing it. `mode` as for chmod(2).
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view content,
                                        unsigned mode = 0644);

// Before a command exits: an error when what was printed to standard output could not be written, on a full
// disk say. A reader that went away had enough, and is none.
[[nodiscard]] Result<void> flush_output();

} // namespace sfa
