#include "common/file.hpp"
#include "common/handle.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <fcntl.h>
#include <list>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace sfa {

namespace {

// A name in an open directory. Nobody can exchange what was checked on the way to it.
struct Place {
  UniqueFd directory;
  std::string name;
};

// Goes from directory to directory, as the kernel does (path_resolution(7)), but follows links only if it
// may.
class Walk {
public:
  Walk(const std::filesystem::path& path, Links links)
      : path_(path.native()), links_(links), rest_(path.begin(), path.end()) {}

  Result<Place> to_the_end() {
    if (auto begun = begin(rest_.empty() ? "" : rest_.front().native()); !begun) {
      return error_of(begun);
    }
    while (!rest_.empty()) {
      std::string name = rest_.front();
      rest_.pop_front();
      if (name.empty() || name == "." || name == "/") {
        continue;
      }
      struct stat found {};
      const bool exists = fstatat(directory_.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
      if (!exists && (errno != ENOENT || !rest_.empty())) {
        return errno_failure(path_);
      }
      if (exists && S_ISLNK(found.st_mode)) {
        if (auto followed = follow(name); !followed) {
          return error_of(followed);
        }
      } else if (!rest_.empty()) {
        directory_ = UniqueFd(openat(directory_.get(), name.c_str(), kDirectory | O_NOFOLLOW));
        if (!directory_) {
          return errno_failure(path_);
        }
      } else if (exists && !S_ISREG(found.st_mode)) {
        return failure("{}: not a regular file, so it is not replaced", path_);
      } else {
        return Place{std::move(directory_), std::move(name)};
      }
    }
    return failure("{}: not the name of a file", path_);
  }

private:
  static constexpr int kDirectory = O_PATH | O_DIRECTORY | O_CLOEXEC;

  Result<void> begin(std::string_view first) {
    if (first == "/" || !directory_) {
      directory_ = UniqueFd(open(first == "/" ? "/" : ".", kDirectory));
    }
    return directory_ ? Result<void>{} : errno_failure(path_);
  }

  Result<void> follow(const std::string& name) {
    constexpr int kMaxLinks = 40; // as in Linux
    const bool last = rest_.empty();
    const UniqueFd link(openat(directory_.get(), name.c_str(),
                               O_PATH | O_NOFOLLOW | O_CLOEXEC)); // this one, whatever gets its name
    struct stat found {};
    if (!link || fstat(link.get(), &found) != 0) {
      return errno_failure(path_);
    }
    if ((last && links_ == Links::not_last) || (found.st_uid != 0 && found.st_uid != geteuid())) {
      return failure("{}: `{}` is a symbolic link{}, which is not followed", path_, name,
                     last && links_ == Links::not_last ? "" : " of another user");
    }
    if (++followed_ > kMaxLinks) {
      return failure("{}: too many symbolic links", path_);
    }
    std::string target(PATH_MAX, '\0');
    const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0) {
      return errno_failure(path_);
    }
    target.resize(static_cast<std::size_t>(size));
    const std::filesystem::path parts(target);
    rest_.insert(rest_.begin(), parts.begin(), parts.end());
    return begin(rest_.empty() ? "" : rest_.front().native());
  }

  std::string path_; // for errors
  Links links_;
  std::list<std::filesystem::path> rest_;
  UniqueFd directory_;
  int followed_ = 0;
};

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
  const auto place = Walk(path, links).to_the_end();
  if (!place) {
    return error_of(place);
  }
  const int directory = place->directory.get();
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
