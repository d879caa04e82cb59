#include "host/owned_file.hpp"

#include "host/fixture_host.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sfa::host_owned_file_test {

using namespace host;
using namespace test;

namespace {

struct Shared {
  TemporaryHost host;
  std::filesystem::path directory = host.path() / "dev/shm/dir";
  std::filesystem::path file = directory / "file";

  Shared() {
    host.write("dev/shm/dir/file", "0123456789");
    std::filesystem::permissions(file, std::filesystem::perms(0600)); // whatever the umask is
    std::filesystem::permissions(directory, std::filesystem::perms(0700));
  }

  [[nodiscard]] Result<std::optional<std::string>> read(std::size_t bytes = 8) const {
    return host.root().read_owned("dev/shm/dir", "file", bytes);
  }
  [[nodiscard]] std::string problem(std::size_t bytes = 8) const {
    const auto content = read(bytes);
    return content ? "none" : content.error().message;
  }
};

} // namespace

TEST_CASE("the first bytes of an owned file are read, and nothing behind them") {
  const Shared shared;
  CHECK(value_of(shared.read()) == "01234567");
  CHECK(value_of(shared.read(10)) == "0123456789");
  CHECK(shared.problem(11).ends_with("file: has 10 bytes, expected 11 to 65536"));
}

TEST_CASE("an owned file or a directory that does not exist is absent") {
  const Shared shared;
  shared.host.remove("dev/shm/dir/file");
  CHECK_FALSE(value_of(shared.read()));
  shared.host.remove("dev/shm/dir");
  CHECK_FALSE(value_of(shared.read()));
}

TEST_CASE("an owned file that is too large is not read") {
  const Shared shared;
  std::filesystem::resize_file(shared.file, 65536);
  CHECK(shared.read());
  std::filesystem::resize_file(shared.file, 65537);
  CHECK(shared.problem().find("has 65537 bytes") != std::string::npos);
}

TEST_CASE("a file or directory of another user is not read") {
  const Shared shared;
  const auto other = geteuid() + 1;
  const auto content = read_owned_file(shared.directory, "file", other, 8);
  REQUIRE_FALSE(content);
  CHECK(content.error().message ==
        fmt::format("{}: belongs to user {} instead of {}", shared.directory.native(), geteuid(), other));
  if (geteuid() != 0) {
    WARN("not root: nothing can be given to another user");
    return;
  }
  REQUIRE(chown(shared.file.c_str(), 1, 1) == 0);
  CHECK(shared.problem().ends_with("file: belongs to user 1 instead of 0"));
  REQUIRE(chown(shared.file.c_str(), 0, 0) == 0);
  REQUIRE(chown(shared.directory.c_str(), 1, 1) == 0);
  CHECK(shared.problem().ends_with("dir: belongs to user 1 instead of 0"));
}

TEST_CASE("a file or directory that others may write is not read") {
  const Shared shared;
  for (const auto& [path, mode] :
       {std::pair{shared.file, 0620}, {shared.file, 0602}, {shared.directory, 01777}}) {
    struct stat before {};
    REQUIRE(stat(path.c_str(), &before) == 0);
    REQUIRE(chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
    CHECK(shared.problem() == path.native() + ": other users may write it");
    REQUIRE(chmod(path.c_str(), before.st_mode) == 0);
  }
  CHECK(shared.read());
}

TEST_CASE("a file with a second name is not read") {
  const Shared shared;
  std::filesystem::create_hard_link(shared.file, shared.host.path() / "second");
  CHECK(shared.problem().ends_with("file: has 2 names"));
}

TEST_CASE("symbolic links and special files are not read") {
  const Shared shared;
  SECTION("a link to a file") {
    std::filesystem::rename(shared.file, shared.host.path() / "target");
    std::filesystem::create_symlink(shared.host.path() / "target", shared.file);
    CHECK(shared.problem().ends_with("file: Too many levels of symbolic links"));
  }
  SECTION("a dangling link") {
    shared.host.remove("dev/shm/dir/file");
    std::filesystem::create_symlink("nothing", shared.file);
    CHECK(shared.problem().ends_with("file: Too many levels of symbolic links"));
  }
  SECTION("a link to a directory") {
    std::filesystem::rename(shared.directory, shared.host.path() / "target");
    std::filesystem::create_directory_symlink(shared.host.path() / "target", shared.directory);
    CHECK(shared.problem().ends_with("dir: Not a directory"));
  }
  SECTION("a directory") {
    shared.host.remove("dev/shm/dir/file");
    std::filesystem::create_directory(shared.file);
    std::filesystem::permissions(shared.file, std::filesystem::perms(0700));
    CHECK(shared.problem().ends_with("file: not a regular file"));
  }
  SECTION("a FIFO") {
    shared.host.remove("dev/shm/dir/file");
    REQUIRE(mkfifo(shared.file.c_str(), 0600) == 0);
    CHECK(shared.problem().ends_with("file: not a regular file"));
  }
}

} // namespace sfa::host_owned_file_test
