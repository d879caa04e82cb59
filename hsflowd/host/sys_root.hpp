// The only access to /proc and /sys. With another root the program reads a captured tree, so that every
// parser and source can be tested with files of other hosts. Every path is relative to the root
// ("proc/stat"), even one that begins with a slash or with dots: no path leads out of the root.
#pragma once

#include "common/file.hpp"
#include "common/result.hpp"

#include <cstddef>
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

  // The content. nullopt if there is no such file, or if a sysfs attribute has no value: reading the speed of
  // a device that is down fails with EINVAL, and reading any attribute of a device that disappears fails with
  // EINVAL or ENODEV. More than `max_bytes` is an Error.
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view path,
                                                        std::size_t max_bytes = kMaxBytes) const;

  // The first `bytes` bytes of a file in a directory that only the owner of the root directory can have made:
  // root, on the live host. See read_owned_file.
  [[nodiscard]] Result<std::optional<std::string>>
  read_owned(std::string_view directory, const std::string& name, std::size_t bytes) const;

  // The whole lines within the first 1 KiB; nullopt as for read().
  [[nodiscard]] Result<std::optional<std::string>> first_lines(std::string_view path) const;

  // A one-line file without white space at its ends, for questions such as "is it of this kind?". Empty if
  // the file does not exist or cannot be read.
  [[nodiscard]] std::string attribute(std::string_view path) const;

  // Names in a directory, sorted; empty if there is no such directory.
  [[nodiscard]] std::vector<std::string> list(std::string_view directory) const;

  // Also true for a dangling symbolic link: in sysfs the link itself is the information.
  [[nodiscard]] bool exists(std::string_view path) const;

  // Tells whether a file was written or replaced since; nullopt if there is none. Reads no content.
  struct Version {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_s = 0;
    std::int64_t modified_ns = 0;

    bool operator==(const Version&) const = default;
  };
  [[nodiscard]] Result<std::optional<Version>> version(std::string_view path) const;

  // Where the path is, for a FileWatch.
  [[nodiscard]] std::filesystem::path locate(std::string_view path) const;

  // Size and free space of the file system mounted at an absolute path, in bytes (statvfs(3)). For a captured
  // tree they come from its file "statvfs" (lines of "TOTAL FREE AVAILABLE MOUNT_POINT"), never from the live
  // host.
  struct Space {
    std::uint64_t total = 0;
    std::uint64_t free = 0;      // including the part reserved for root
    std::uint64_t available = 0; // to everybody

    bool operator==(const Space&) const = default;
  };
  [[nodiscard]] std::optional<Space> space(std::string_view mount_point) const;

  // Most files: cpuinfo has nearly 2 kB per CPU, and net/dev 128 bytes per device.
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

private:
  std::filesystem::path root_;
};

// Reads and parses a file; `parse` takes a text and returns Result<T>. nullopt if there is no such file. An
// Error begins with the path.
template <class Parse>
[[nodiscard]] auto parse_file(const SysRoot& root, std::string_view path, Parse parse,
                              std::size_t max_bytes = SysRoot::kMaxBytes)
    -> Result<std::optional<typename std::invoke_result_t<Parse, std::string_view>::value_type>> {
  return parse_text(root.read(path, max_bytes), path, parse);
}

} // namespace sfa::host
