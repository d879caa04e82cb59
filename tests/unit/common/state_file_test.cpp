#include "common/state_file.hpp"

#include "common/file.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <vector>

namespace sfa::common_state_file_test {

using namespace std::chrono_literals;

namespace {

class Bed {
public:
  Bed() { REQUIRE(mkdtemp(directory_.data()) != nullptr); }
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;
  Bed(Bed&&) = delete;
  Bed& operator=(Bed&&) = delete;
  ~Bed() { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return directory_ + "/" + name; }

  template <class Done>
  void run_until(Done done) {
    Timer deadline = loop.timer([] { throw std::runtime_error("not within the deadline"); });
    deadline.arm_at(std::chrono::steady_clock::now() + 10s);
    while (!done()) {
      pollfd ready{loop.fd(), POLLIN, 0};
      poll(&ready, 1, 1);
      loop.run_pending();
    }
  }

  EventLoop loop;

private:
  std::string directory_ = "/tmp/state_file_test.XXXXXX";
};

std::string content(const std::filesystem::path& path) {
  return read_file(path, 1000).value().value_or("none");
}

// A thread that hangs until this is destroyed.
class HungDisk {
public:
  explicit HungDisk(Worker& disk) {
    disk.run([released = released_.get_future().share()] { return released.wait(), true; }, [](bool) {});
  }
  HungDisk(const HungDisk&) = delete;
  HungDisk& operator=(const HungDisk&) = delete;
  HungDisk(HungDisk&&) = delete;
  HungDisk& operator=(HungDisk&&) = delete;
  ~HungDisk() { released_.set_value(); }

private:
  std::promise<void> released_;
};

} // namespace

TEST_CASE("a state file and its directory are written, and the outcome is told in the event loop") {
  Bed bed;
  Worker disk(bed.loop);
  StateFile file(disk, bed.path("new/file"));
  bool told = false;
  file.write("first", [&](const Result<void>& written) { told = written.has_value(); });
  CHECK(!told);
  bed.run_until([&] { return told; });
  CHECK(content(file.path()) == "first");
}

TEST_CASE("a state file that cannot be written is an error") {
  Bed bed;
  Worker disk(bed.loop);
  std::filesystem::create_directory(bed.path("file"));
  StateFile file(disk, bed.path("file"));
  std::string problem;
  file.write("first", [&](const Result<void>& written) { problem = written.error().message; });
  bed.run_until([&] { return !problem.empty(); });
  CHECK(problem == bed.path("file").native() + ": not a regular file, so it is not replaced");
}

TEST_CASE("while the disk hangs nothing waits, and of what was to be written only the last is") {
  Bed bed;
  Worker disk(bed.loop);
  StateFile file(disk, bed.path("file"));
  std::vector<int> told;
  {
    const HungDisk hung(disk);
    for (int i = 0; i < 1000; ++i) {
      file.write(std::to_string(i), [&told, i](const Result<void>&) { told.push_back(i); });
    }
    bed.loop.run_pending();
    CHECK(told.empty());
  }
  bed.run_until([&] { return !told.empty(); });
  CHECK(told == std::vector{999});
  CHECK(content(file.path()) == "999");
}

TEST_CASE("what was to be written at the end still is") {
  Bed bed;
  {
    Worker disk(bed.loop, 10s);
    StateFile file(disk, bed.path("file"));
    file.write("last", [](const Result<void>&) {});
  }
  CHECK(content(bed.path("file")) == "last");
}

TEST_CASE("a disk that does not answer for ten seconds is reported at the next write") {
  Bed bed;
  Worker disk(bed.loop);
  StateFile file(disk, bed.path("file"));
  const HungDisk hung(disk);
  std::vector<std::string> problems;
  const auto told = [&](const Result<void>& written) { problems.push_back(written.error().message); };
  const auto begin = std::chrono::steady_clock::now();
  file.write("1", told, begin);
  file.write("2", told, begin + 10s);
  CHECK(problems.empty());
  file.write("3", told, begin + 11s);
  CHECK(problems == std::vector{bed.path("file").native() + ": the disk has not answered for 10 s"});
}

} // namespace sfa::common_state_file_test
