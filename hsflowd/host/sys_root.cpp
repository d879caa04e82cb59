#include "host/sys_root.hpp"

#include "common/file.hpp"
#include "common/text.hpp"
#include "host/owned_file.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace sfa::host {

namespace {

// Only ".." can lead out of the root. A name such as "a..b" takes the slower way to the same result.
std::string below(const std::filesystem::path& root, std::string_view path) {
  if (path.find("..") == std::string_view::npos) {
    std::string joined = root == "/" ? "" : root.native();
    return joined.append("/").append(path);
  }
  return root / ("/" / std::filesystem::path(path).relative_path()).lexically_normal().relative_path();
}

// Whether the kernel reports with this error that a sysfs attribute has no value.
bool is_no_value(int error) {
  return error == EINVAL || error == ENODEV || error == ENXIO || error == EOPNOTSUPP;
}

Result<std::optional<std::string>> without_absent_value(std::string_view path,
                                                        Result<std::optional<std::string>> content) {
  if (!content && path.starts_with("sys/") && is_no_value(content.error().number)) {
    return std::nullopt;
  }
  return content;
}

std::optional<SysRoot::Space> captured_space(std::string_view text, std::string_view mount_point) {
  for (const auto line : lines(text)) {
    const std::size_t slash = std::min(line.find('/'), line.size());
    const auto numbers = split(line.substr(0, slash));
    if (numbers.size() != 3 || line.substr(slash) != mount_point) {
      continue;
    }
    const auto total = parse_number<std::uint64_t>(numbers[0]);
    const auto free = parse_number<std::uint64_t>(numbers[1]);
    const auto available = parse_number<std::uint64_t>(numbers[2]);
    if (total && free && available) {
      return SysRoot::Space{*total, *free, *available};
    }
  }
  return std::nullopt;
}

std::optional<SysRoot::Space> live_space(const std::string& mount_point) {
  struct statvfs found {};
  if (statvfs(mount_point.c_str(), &found) != 0 || found.f_blocks == 0) {
    return std::nullopt;
  }
  const std::uint64_t block = found.f_frsize;
  if (block == 0 || found.f_blocks > std::numeric_limits<std::uint64_t>::max() / block) {
    return std::nullopt;
  }
  // A file system may claim more free blocks than it has.
  const std::uint64_t free = std::min(found.f_bfree, found.f_blocks);
  return SysRoot::Space{found.f_blocks * block, free * block,
                        std::min<std::uint64_t>(found.f_bavail, free) * block};
}

} // namespace

Result<std::optional<std::string>> SysRoot::read(std::string_view path, std::size_t max_bytes) const {
  return without_absent_value(path, read_file(below(root_, path), max_bytes));
}

Result<std::optional<std::string>> SysRoot::read_owned(std::string_view directory, const std::string& name,
                                                       std::size_t bytes) const {
  struct stat root {};
  if (stat(root_.c_str(), &root) != 0) {
    return errno_failure(root_.native());
  }
  return read_owned_file(below(root_, directory), name, root.st_uid, bytes);
}

Result<std::optional<std::string>> SysRoot::first_lines(std::string_view path) const {
  constexpr std::size_t kBytes = 1024;
  return without_absent_value(path, read_first_lines(below(root_, path), kBytes));
}

std::string SysRoot::attribute(std::string_view path) const {
  const auto text = read(path);
  return text && *text ? std::string(trim(**text)) : std::string();
}

std::vector<std::string> SysRoot::list(std::string_view directory) const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(below(root_, directory), error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().native());
  }
  std::ranges::sort(names);
  return names;
}

bool SysRoot::exists(std::string_view path) const {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(below(root_, path), error));
}

Result<std::optional<SysRoot::Version>> SysRoot::version(std::string_view path) const {
  const auto place = below(root_, path);
  struct stat found {};
  if (stat(place.c_str(), &found) == 0) {
    return Version{.device = found.st_dev,
                   .inode = found.st_ino,
                   .size = found.st_size,
                   .modified_s = found.st_mtim.tv_sec,
                   .modified_ns = found.st_mtim.tv_nsec};
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return std::nullopt;
  }
  return errno_failure(place);
}

std::filesystem::path SysRoot::locate(std::string_view path) const {
  return below(root_, path);
}

std::optional<SysRoot::Space> SysRoot::space(std::string_view mount_point) const {
  if (root_ == "/") {
    return live_space(std::string(mount_point));
  }
  const auto captured = read("statvfs");
  if (!captured || !*captured) {
    return std::nullopt;
  }
  return captured_space(**captured, mount_point);
}

} // namespace sfa::host
