#include "common/path_walk.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <list>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace sfa {

namespace {

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

} // namespace

Result<Place> walk_to(const std::filesystem::path& path, Links links) {
  return Walk(path, links).to_the_end();
}

} // namespace sfa
