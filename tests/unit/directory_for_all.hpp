// A directory in which everybody may create files, like /tmp.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace sfa::test {

inline constexpr uid_t kSomebody = 12345; // neither root nor a user of the tests

struct DirectoryForAll {
  std::string path = "/tmp/directory_for_all.XXXXXX";

  DirectoryForAll() {
    REQUIRE(mkdtemp(path.data()) != nullptr);
    REQUIRE(chmod(path.c_str(), 01777) == 0);
  }
  ~DirectoryForAll() { std::filesystem::remove_all(path); }
  DirectoryForAll(const DirectoryForAll&) = delete;
  DirectoryForAll& operator=(const DirectoryForAll&) = delete;
  DirectoryForAll(DirectoryForAll&&) = delete;
  DirectoryForAll& operator=(DirectoryForAll&&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path + "/" + name; }
};

inline void make_link(const std::string& target, const std::string& path, uid_t owner) {
  REQUIRE(symlink(target.c_str(), path.c_str()) == 0);
  REQUIRE(lchown(path.c_str(), owner, owner) == 0);
}

} // namespace sfa::test
