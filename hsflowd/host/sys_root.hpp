// The only way to /proc and /sys. With another root the whole program reads a captured tree, so every parser
// and every source can be tested against hosts that are not here. Every path is relative to the root
// ("proc/stat"), also one that begins with a slash or with dots: there is no way out.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sfa::host {

class SysRoot {
public:
  explicit SysRoot(std::filesystem::path root = "/") : root_(std::move(root)) {}

  // The content. Nothing when this host has no such file, or when it is a sysfs attribute that has no value
  // now: the speed of a device that is down reads as EINVAL, and so does every attribute of one that goes, or
  // as ENODEV. More than 4 MiB is an Error.
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view path) const;

  // A one-line file without white space at its ends, for a question such as "is it of this kind?"; empty when
  // it is not there or cannot be read.
  [[nodiscard]] std::string attribute(std::string_view path) const;

  // Names in a directory, sorted; none when there is no such directory.
  [[nodiscard]] std::vector<std::string> list(std::string_view directory) const;

  // Also true for a symbolic link to nowhere: in sysfs the link itself is the fact.
  [[nodiscard]] bool exists(std::string_view path) const;

  // Size and free space of the file system mounted at an absolute path, in bytes (statvfs(3)). In a captured
  // tree they come from its file "statvfs", with one line "TOTAL FREE AVAILABLE MOUNT_POINT" each; the live
  // host is never asked.
  struct Space {
    std::uint64_t total = 0;
    std::uint64_t free = 0;      // also what only root may use
    std::uint64_t available = 0; // to everybody

    bool operator==(const Space&) const = default;
  };
  [[nodiscard]] std::optional<Space> space(std::string_view mount_point) const;

private:
  std::filesystem::path root_;
};

// Reads and parses a file; `parse` takes a text and returns Result<T>. Nothing when there is no such file; an
// Error is told with the path in front.
template <class Parse>
[[nodiscard]] auto parse_file(const SysRoot& root, std::string_view path, Parse parse)
    -> Result<std::optional<typename std::invoke_result_t<Parse, std::string_view>::value_type>> {
  const auto text = root.read(path);
  if (!text) {
    return error_of(text);
  }
  if (!*text) {
    return std::nullopt;
  }
  auto parsed = parse(std::string_view(**text));
  if (!parsed) {
    return error_of(parsed, path);
  }
  return std::move(*parsed);
}

} // namespace sfa::host
