#include "host/owned_file.hpp"

#include "common/handle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sfa::host {

namespace {

// Like openat(2); nullopt if the file does not exist.
Result<std::optional<UniqueFd>> open_below(int directory, const std::string& name, int flags,
                                           const std::string& path) {
  UniqueFd fd(openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
  if (fd) {
    return fd;
  }
  if (errno == ENOENT) {
    return std::nullopt;
  }
  return errno_failure(path); // of a symbolic link: ELOOP, or ENOTDIR if a directory is expected
}

Result<struct stat> check_owner(int fd, uid_t owner, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    return errno_failure(path);
  }
  if (status.st_uid != owner) {
    return failure("{}: belongs to user {} instead of {}", path, status.st_uid, owner);
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return failure("{}: other users may write it", path);
  }
  return status;
}

Result<std::string> read_first(int fd, std::size_t bytes, const std::string& path) {
  std::string content(bytes, '\0');
  std::size_t size = 0;
  while (size < bytes) {
    const ssize_t got = pread(fd, content.data() + size, bytes - size, static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return errno_failure(path);
    }
    if (got == 0) {
      return failure("{}: has become shorter", path);
    }
    size += static_cast<std::size_t>(got);
  }
  return content;
}

} // namespace

Result<std::optional<std::string>> read_owned_file(const std::string& directory, const std::string& name,
                                                   uid_t owner, std::size_t bytes) {
  // O_PATH: entering a directory needs less permission than reading it.
  const auto entered = open_below(AT_FDCWD, directory, O_PATH | O_DIRECTORY, directory);
  if (!entered) {
    return error_of(entered);
  }
  if (!*entered) {
    return std::nullopt;
  }
  if (const auto checked = check_owner((*entered)->get(), owner, directory); !checked) {
    return error_of(checked);
  }
  const auto path = directory + "/" + name;
  const auto file = open_below((*entered)->get(), name, O_RDONLY | O_NONBLOCK | O_NOCTTY, path);
  if (!file) {
    return error_of(file);
  }
  if (!*file) {
    return std::nullopt;
  }
  const auto status = check_owner((*file)->get(), owner, path);
  if (!status) {
    return error_of(status);
  }
  if (!S_ISREG(status->st_mode)) {
    return failure("{}: not a regular file", path);
  }
  if (status->st_nlink > 1) { // 0 if it has just been deleted
    return failure("{}: has {} names", path, status->st_nlink);
  }
  constexpr std::size_t kMaxBytes = std::size_t{64} << 10U; // the largest page of the supported CPUs
  const auto size = static_cast<std::size_t>(status->st_size);
  if (size < bytes || size > kMaxBytes) {
    return failure("{}: has {} bytes, expected {} to {}", path, size, bytes, kMaxBytes);
  }
  return read_first((*file)->get(), bytes, path);
}

} // namespace sfa::host
