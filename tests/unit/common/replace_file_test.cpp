#include "common/file.hpp"
#include "directory_for_all.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace sfa::replace_file_test {

namespace {

using test::kSomebody;
using Directory = test::DirectoryForAll;

std::string content(const std::string& path) {
  return read_file(path, 1000).value().value_or("(none)");
}

std::string refusal(const Result<void>& result) {
  REQUIRE(!result);
  return result.error().message;
}

} // namespace

TEST_CASE("a file is replaced as a whole, with the mode that is asked for, and nothing else is left") {
  const Directory tmp;
  REQUIRE(replace_file(tmp / "file", "old"));
  REQUIRE(replace_file(tmp / "file", "new", 0600));
  CHECK(content(tmp / "file") == "new");
  CHECK((std::filesystem::status(tmp / "file").permissions() == std::filesystem::perms(0600)));
  CHECK(std::distance(std::filesystem::directory_iterator(tmp.path), {}) == 1);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(tmp.path);
  const auto relative = replace_file("file", "newest");
  std::filesystem::current_path(before);
  CHECK(relative);
  CHECK(content(tmp / "file") == "newest");
}

TEST_CASE("only a regular file is replaced") {
  const Directory tmp;
  REQUIRE(mkfifo((tmp / "fifo").c_str(), 0600) == 0);
  CHECK(refusal(replace_file(tmp / "fifo", "x")) == tmp / "fifo: not a regular file, so it is not replaced");
  CHECK(std::filesystem::is_fifo(tmp / "fifo"));
  REQUIRE(mkdir((tmp / "directory").c_str(), 0700) == 0);
  CHECK(refusal(replace_file(tmp / "directory", "x")) ==
        tmp / "directory: not a regular file, so it is not replaced");
  CHECK(refusal(replace_file(tmp / "directory/", "x")) == tmp / "directory/: not the name of a file");
  test::make_link("/dev/null", tmp / "null", 0);
  CHECK(refusal(replace_file(tmp / "null", "x")) == tmp / "null: not a regular file, so it is not replaced");
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(refusal(replace_file("", "x")) == ": not the name of a file");
}

TEST_CASE("links of root and of this user are followed, at the end of a path and on the way") {
  const Directory tmp;
  REQUIRE(mkdir((tmp / "real").c_str(), 0700) == 0);
  test::make_link("real/../real", tmp / "way", 0);
  test::make_link(tmp / "real/file", tmp / "end", geteuid());
  REQUIRE(replace_file(tmp / "way/file", "by way"));
  CHECK(content(tmp / "real/file") == "by way");
  REQUIRE(replace_file(tmp / "end", "by end"));
  CHECK(content(tmp / "real/file") == "by end");
  CHECK(std::filesystem::is_symlink(tmp / "end"));
  test::make_link("circle", tmp / "circle", 0);
  CHECK(refusal(replace_file(tmp / "circle", "x")) == tmp / "circle: too many symbolic links");
}

TEST_CASE("a link of another user is not followed, at the end of a path or on the way") {
  if (geteuid() != 0) {
    WARN("needs root, to create a link of another user");
    return;
  }
  const Directory tmp;
  REQUIRE(mkdir((tmp / "precious").c_str(), 0700) == 0);
  REQUIRE(replace_file(tmp / "precious/file", "precious"));
  test::make_link("precious/file", tmp / "end", kSomebody);
  test::make_link("precious", tmp / "way", kSomebody);
  CHECK(refusal(replace_file(tmp / "end", "x")) ==
        tmp / "end: `end` is a symbolic link of another user, which is not followed");
  CHECK(refusal(replace_file(tmp / "way/file", "x")) ==
        tmp / "way/file: `way` is a symbolic link of another user, which is not followed");
  CHECK(content(tmp / "precious/file") == "precious");
}

TEST_CASE("a file with a process id follows no link at its end, whoever made it") {
  const Directory tmp;
  REQUIRE(replace_file(tmp / "precious", "precious"));
  test::make_link("precious", tmp / "pid", geteuid());
  CHECK(refusal(replace_file(tmp / "pid", "1\n", 0644, Links::not_last)) ==
        tmp / "pid: `pid` is a symbolic link, which is not followed");
  CHECK(content(tmp / "precious") == "precious");
}

TEST_CASE("what another user has placed at the name of the temporary file is not written to") {
  const Directory tmp;
  test::make_link("precious", tmp / ".file.new", 0);
  REQUIRE(replace_file(tmp / "file", "x"));
  CHECK_FALSE(std::filesystem::exists(tmp / "precious"));
  CHECK(content(tmp / "file") == "x");
}

TEST_CASE("a file that is moved aside is kept, the newest one of several") {
  const Directory tmp;
  for (const auto* text : {"one", "two"}) {
    REQUIRE(replace_file(tmp / "file", text));
    CHECK(move_aside(tmp / "file") == "; kept as " + (tmp / "file.unreadable"));
    CHECK(content(tmp / "file") == "(none)");
    CHECK(content(tmp / "file.unreadable") == text);
  }
  CHECK(move_aside(tmp / "file").empty());
}

TEST_CASE("an error names the path") {
  const Directory tmp;
  CHECK(refusal(replace_file(tmp / "missing/file", "x")) == tmp / "missing/file: No such file or directory");
  REQUIRE(replace_file(tmp / "file", "x"));
  CHECK(refusal(replace_file(tmp / "file/file", "x")) == tmp / "file/file: Not a directory");
}

} // namespace sfa::replace_file_test
