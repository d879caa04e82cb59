#include "common/file_watch.hpp"

#include "common/file.hpp"
#include "no_free_descriptor.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <optional>

namespace sfa::common_file_watch_test {

using namespace std::chrono_literals;

namespace {

// A temporary directory and a watch on a path below it. `seen()` returns whether the watch called since the
// last `seen()`.
class Watched {
public:
  explicit Watched(const std::string& path, std::chrono::milliseconds poll = FileWatch::kPoll)
      : watch_(
            loop_, {root_ / path}, [this] { ++calls_; }, poll) {}
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

TEST_CASE("one watch notices changes of each of its files") {
  std::string root = "/tmp/file_watch_test.XXXXXX";
  REQUIRE(mkdtemp(root.data()) != nullptr);
  const std::filesystem::path directory(root);
  std::filesystem::create_directory(directory / "entries");
  EventLoop loop;
  int calls = 0;
  {
    const FileWatch watch(loop, {directory / "a", directory / "entries/*"}, [&] { ++calls; });
    std::ofstream(directory / "a") << "1";
    loop.run_pending();
    CHECK(std::exchange(calls, 0) > 0);
    std::ofstream(directory / "entries/x") << "1";
    loop.run_pending();
    CHECK(std::exchange(calls, 0) > 0);
    std::ofstream(directory / "b") << "1";
    loop.run_pending();
    CHECK(calls == 0);
  }
  std::filesystem::remove_all(directory);
}

TEST_CASE("entries of a directory are noticed when they appear and disappear, and so is the directory") {
  Watched entries("guests/*");
  std::filesystem::create_directory(entries.root() / "guests");
  CHECK(entries.seen());
  std::filesystem::create_directory(entries.root() / "guests/100.scope");
  CHECK(entries.seen());
  std::ofstream(entries.root() / "guests/101.pid") << "1";
  CHECK(entries.seen());
  std::filesystem::remove_all(entries.root() / "guests/100.scope");
  CHECK(entries.seen());
  CHECK(!entries.seen());
  std::ofstream(entries.root() / "other") << "1";
  CHECK(!entries.seen());
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

#ifndef SANITIZER_NEEDS_DESCRIPTORS
TEST_CASE("without inotify every change is noticed all the same") {
  EventLoop loop; // whose descriptors exist before there are no more
  int calls = 0;
  std::string root = "/tmp/file_watch_test.XXXXXX";
  REQUIRE(mkdtemp(root.data()) != nullptr);
  std::optional<FileWatch> watch;
  {
    const Timer enough = loop.timer([] {}); // makes the loop's timer
    const test::NoFreeDescriptor none;
    watch.emplace(
        loop, std::vector<std::filesystem::path>{root + "/x.auto"}, [&] { ++calls; }, 0ms);
  }
  const auto notices = [&](int number) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (calls < number && std::chrono::steady_clock::now() < deadline) {
      loop.run_pending();
    }
    return calls == number;
  };
  REQUIRE(replace_file(root + "/x.auto", "one"));
  CHECK(notices(1)); // and finds that inotify works again
  REQUIRE(replace_file(root + "/x.auto", "two"));
  CHECK(notices(2));
  watch.reset();
  std::filesystem::remove_all(root);
}
#endif

} // namespace sfa::common_file_watch_test
