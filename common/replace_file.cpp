#include "common/file.hpp"
#include "common/handle.hpp"
#include "common/path_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sfa {

namespace {

Result<void> write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) {
      return errno_failure("write");
    }
    content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return {};
}

Result<void> write_new(int directory, const std::string& name, std::string_view content, unsigned mode,
                       Durability durability) {
  // What is there was left by a process that was killed, or placed by another user, who may still have it
  // open.
  unlinkat(directory, name.c_str(), 0);
  const UniqueFd fd(
      openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd || fchmod(fd.get(), mode) != 0) {
    return errno_failure(name);
  }
  return write_all(fd.get(), content).and_then([&]() -> Result<void> {
    return durability == Durability::not_synced || fsync(fd.get()) == 0 ? Result<void>{}
                                                                        : errno_failure("fsync");
  });
}

} // namespace

std::string move_aside(const std::filesystem::path& path) {
  const std::string aside = path.native() + ".unreadable";
  return rename(path.c_str(), aside.c_str()) == 0 ? "; kept as " + aside : "";
}

Result<void> replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode,
                          Links links, Durability durability) {
  const auto place = walk_to(path, links);
  if (!place) {
    return error_of(place);
  }
  const int directory = place->directory.get();
  if (struct stat found{};
      fstatat(directory, place->name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(found.st_mode)) {
    return failure("{}: not a regular file, so it is not replaced", path.native());
  }
  const std::string temporary = "." + place->name + ".new";
  auto written = write_new(directory, temporary, content, mode, durability);
  if (!written) {
    written = error_of(written, path.parent_path().native());
  } else if (renameat(directory, temporary.c_str(), directory, place->name.c_str()) != 0) {
    written = errno_failure(path.native());
  }
  if (!written) {
    unlinkat(directory, temporary.c_str(), 0);
  }
  return written;
}

} // namespace sfa
