#include "common/file_watch.hpp"

#include "common/file.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace sfa::common_file_watch_test {

using namespace std::chrono_literals;

namespace {

// A temporary directory and a watch on a path below it. `seen()` returns whether the watch called since the
// last `seen()`.
class Watched {
public:
  explicit Watched(const std::string& path) : watch_(loop_, root_ / path, [this] { ++calls_; }) {}
  ~Watched() { std::filesystem::remove_all(root_); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  Watched(Watched&&) = delete;
  Watched& operator=(Watched&&) = delete;

  bool seen() {
    const int before = std::exchange(reported_, (loop_.run_pending(), calls_));
    return calls_ > before;
  }
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

private:
  static std::filesystem::path make_root() {
    std::string name = "/tmp/file_watch_test.XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    return name;
  }
  std::filesystem::path root_ = make_root();
  EventLoop loop_;
  int calls_ = 0;
  int reported_ = 0;
  FileWatch watch_;
};

} // namespace

TEST_CASE("every replacement of a file by rename is noticed") {
  Watched file("x.auto");
  for (int i = 0; i < 3; ++i) {
    REQUIRE(replace_file(file.root() / "x.auto", "content"));
    CHECK(file.seen());
    CHECK(!file.seen());
  }
}

TEST_CASE("a file that is written in place and kept open is noticed") {
  Watched file("x.auto");
  std::ofstream stream(file.root() / "x.auto");
  CHECK(file.seen());
  stream << "half" << std::flush;
  CHECK(file.seen());
  stream << " and half" << std::flush;
  CHECK(file.seen());
}

TEST_CASE("a file that is removed is noticed") {
  Watched file("x.auto");
  REQUIRE(replace_file(file.root() / "x.auto", "content"));
  CHECK(file.seen());
  std::filesystem::remove(file.root() / "x.auto");
  CHECK(file.seen());
}

TEST_CASE("changes of other files in the same directory are ignored") {
  Watched file("x.auto");
  REQUIRE(replace_file(file.root() / "y.auto", "content"));
  CHECK(!file.seen());
}

TEST_CASE("directories in the path that appear, disappear and come back are followed") {
  Watched file("a/b/x.auto");
  for (int i = 0; i < 2; ++i) {
    std::filesystem::create_directories(file.root() / "a");
    CHECK(file.seen());
    std::filesystem::create_directories(file.root() / "a/b");
    CHECK(file.seen());
    REQUIRE(replace_file(file.root() / "a/b/x.auto", "content"));
    CHECK(file.seen());
    std::filesystem::remove_all(file.root() / "a");
    CHECK(file.seen());
  }
}

TEST_CASE("the target of a symbolic link is followed, even after the link was changed") {
  Watched file("link.auto");
  std::filesystem::create_directories(file.root() / "one");
  std::filesystem::create_directories(file.root() / "two");
  std::filesystem::create_symlink("one/x.auto", file.root() / "link.auto");
  CHECK(file.seen());
  REQUIRE(replace_file(file.root() / "one/x.auto", "content"));
  CHECK(file.seen());
  std::filesystem::remove(file.root() / "link.auto");
  std::filesystem::create_symlink(file.root() / "two/x.auto", file.root() / "link.auto");
  CHECK(file.seen());
  REQUIRE(replace_file(file.root() / "two/x.auto", "content"));
  CHECK(file.seen());
}

TEST_CASE("a symbolic link to a file in the same directory is followed") {
  Watched file("link.auto");
  std::filesystem::create_symlink("x.auto", file.root() / "link.auto");
  CHECK(file.seen());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(replace_file(file.root() / "x.auto", "content"));
    CHECK(file.seen());
  }
}

} // namespace sfa::common_file_watch_test
