// Whole files: read up to a limit, and replaced so that no reader sees half of one.
#pragma once

#include "common/result.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace sfa {

// The content, or nullopt if the file does not exist. More than `max_bytes` is an error, so that a hostile
// file cannot exhaust memory.
[[nodiscard]] Result<std::optional<std::string>> read_file(const std::string& path, std::size_t max_bytes);

// The whole lines that one read(2) of at most `max_bytes` returns; nullopt if the file does not exist. The
// kernel formats files of /proc as they are read, so this spares it the rest.
[[nodiscard]] Result<std::optional<std::string>> read_first_lines(const std::string& path,
                                                                  std::size_t max_bytes);

// What `parse` makes of a file that was read: nullopt if there is none. Errors of `parse` get `place` in
// front.
template <class Parse>
[[nodiscard]] auto parse_text(const Result<std::optional<std::string>>& text, std::string_view place,
                              Parse parse)
    -> Result<std::optional<typename std::invoke_result_t<Parse, std::string_view>::value_type>> {
  if (!text) {
    return error_of(text);
  }
  if (!*text) {
    return std::nullopt;
  }
  auto parsed = parse(std::string_view(**text));
  if (!parsed) {
    return error_of(parsed, place);
  }
  return std::move(*parsed);
}

enum class Links {
  trusted, // those of root and of the user of this process are followed, at the end of the path and on the
           // way
  not_last // the same, but none at the end of the path
};

enum class Durability {
  synced,     // fsync(2): the old or the new content survives a crash of the host
  not_synced, // for a file that is written again after each start
};

// Writes a file beside `path` and renames it over `path` (rename(2) is atomic). An error if something exists
// there that is not a regular file, such as a device, or if a symbolic link must not be followed: in a
// directory like /tmp, other users can place them. `mode` as for chmod(2).
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view content,
                                        unsigned mode = 0644, Links links = Links::trusted,
                                        Durability durability = Durability::synced);

// Renames a file whose content is of no use to PATH.unreadable, so that what is written next does not destroy
// it: somebody may want to repair it. Returns a phrase for the log, such as "; kept as PATH.unreadable".
[[nodiscard]] std::string move_aside(const std::filesystem::path& path);

// For a command that is about to exit: an error if its output could not be written, for example because the
// disk is full. A reader that closed the pipe is no error.
[[nodiscard]] Result<void> flush_output();

} // namespace sfa
