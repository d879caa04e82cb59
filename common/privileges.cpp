#include "common/privileges.hpp"

#include "common/path_walk.hpp"

#include <algorithm>
#include <cap-ng.h>
#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sfa {

namespace {

constexpr mode_t kUmask = 0027; // what others may read has an explicit mode

// Of an entry that getpwnam(3) or getgrnam(3) did not find.
tl::unexpected<Error> not_found(std::string_view kind, const std::string& name) {
  return errno == 0 ? failure("there is no {} `{}`", kind, name)
                    : errno_failure(fmt::format("{} `{}`", kind, name));
}

// A directory of root that others may write, such as /tmp, or with subdirectories, such as /var/lib, is not
// for this daemon alone. (Btrfs does not count subdirectories.)
bool is_shared(const struct stat& directory) {
  constexpr nlink_t kLinksOfLeaf = 2;
  return (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0 || directory.st_nlink > kLinksOfLeaf;
}

Result<void> set_ids(const User& user, const std::vector<unsigned>& capabilities) {
  if (initgroups(user.name.c_str(), user.gid) != 0) {
    return errno_failure("initgroups");
  }
  capng_clear(CAPNG_SELECT_BOTH);
  for (const unsigned capability : capabilities) {
    constexpr int kSets = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(kSets), capability);
  }
  errno = 0;
  if (const int result =
          capng_change_id(static_cast<int>(user.uid), static_cast<int>(user.gid), CAPNG_CLEAR_BOUNDING);
      result != 0) {
    return errno_failure(fmt::format("capng_change_id: {}", result));
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return errno_failure("PR_SET_NO_NEW_PRIVS");
  }
  if (setuid(0) == 0) { // for instance because CAP_SETUID was kept
    return failure("the way back to root is still open");
  }
  return {};
}

} // namespace

Result<User> find_user(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string name(text.substr(0, colon));
  errno = 0;
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) {
    return not_found("user", name);
  }
  User user{.name = name, .uid = entry->pw_uid, .gid = entry->pw_gid};
  if (user.uid == 0) {
    return failure("`{}` is root", name);
  }
  if (colon != std::string_view::npos) {
    const std::string group_name(text.substr(colon + 1));
    errno = 0;
    const group* named = getgrnam(group_name.c_str());
    if (named == nullptr) {
      return not_found("group", group_name);
    }
    user.gid = named->gr_gid;
  }
  return user;
}

Result<std::vector<unsigned>> parse_capabilities(std::string_view text) {
  std::vector<unsigned> capabilities;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    std::string name(word);
    if (name.starts_with("CAP_") || name.starts_with("cap_")) {
      name.erase(0, 4);
    }
    const int capability = capng_name_to_capability(name.c_str());
    if (capability < 0) {
      return failure("there is no capability `{}`", word);
    }
    capabilities.push_back(static_cast<unsigned>(capability));
  }
  return capabilities;
}

Result<void> give_directory(const std::filesystem::path& path, const User& user) {
  const auto place = walk_to(path.has_filename() ? path : path.parent_path(), Links::not_last);
  if (!place) {
    return error_of(place);
  }
  constexpr mode_t kMode = 0755;
  const bool made = mkdirat(place->directory.get(), place->name.c_str(), kMode) == 0;
  if (!made && errno != EEXIST) {
    return errno_failure(path.native());
  }
  const UniqueFd directory(
      openat(place->directory.get(), place->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat found {};
  if (!directory || fstat(directory.get(), &found) != 0) {
    return errno_failure(path.native());
  }
  if (found.st_uid == user.uid) {
    return {};
  }
  if (found.st_uid != 0) {
    return failure("{}: belongs to another user (uid {}), not to `{}`", path.native(), found.st_uid,
                   user.name);
  }
  if (!made && is_shared(found)) {
    return failure("{}: not given to `{}`, because it has subdirectories or others may write to it",
                   path.native(), user.name);
  }
  if (fchmod(directory.get(), kMode) != 0 || fchown(directory.get(), user.uid, user.gid) != 0) {
    return errno_failure(path.native());
  }
  return {};
}

Result<void> become(const User& user, const std::vector<unsigned>& capabilities,
                    const std::vector<std::filesystem::path>& directories) {
  if (geteuid() == user.uid) {
    return {};
  }
  if (geteuid() != 0) {
    return failure("cannot become user `{}`: not started as root", user.name);
  }
  for (const auto& directory : directories) {
    if (auto given = give_directory(directory, user); !given) {
      return given;
    }
  }
  umask(kUmask);
  return set_ids(user, capabilities).map_error([&](const Error& error) {
    return error.in(fmt::format("cannot become user `{}`", user.name));
  });
}

} // namespace sfa
