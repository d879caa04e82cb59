// How a daemon that was started as root becomes another user. For service managers that cannot do it: systemd
// before 229 has no AmbientCapabilities=, before 235 no StateDirectory=, and init scripts have neither.
// docs/decisions/0025-privileges.md
#pragma once

#include "common/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace sfa {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0; // its own group, unless another one was named
};

// "NAME" or "NAME:GROUP". Root is an error.
[[nodiscard]] Result<User> find_user(std::string_view text);

// Names as in capabilities(7), with or without "CAP_", separated by commas; empty if `text` is.
[[nodiscard]] Result<std::vector<unsigned>> parse_capabilities(std::string_view text);

// As RuntimeDirectory= of systemd.exec(5): creates the directory, mode 0755, and makes the user its owner. It
// may exist if it belongs to the user, or to root and looks like one for a single daemon. Follows no link
// that another user than root may have placed. For a process of root.
[[nodiscard]] Result<void> give_directory(const std::filesystem::path& path, const User& user);

// Becomes the user for good: with the groups of the user, these capabilities and no other, without a way to
// gain any, and with files that are not for others unless their mode is explicit. First gives the directories
// to the user. Nothing is done if the process already is that user. Call it before the first thread, and
// before anything from outside is read.
[[nodiscard]] Result<void> become(const User& user, const std::vector<unsigned>& capabilities,
                                  const std::vector<std::filesystem::path>& directories = {});

} // namespace sfa
