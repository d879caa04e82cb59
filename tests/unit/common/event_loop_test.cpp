#include "common/event_loop.hpp"

#include "common/handle.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>

namespace sfa::common_event_loop_test {

using namespace std::chrono_literals;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    REQUIRE(pipe(fds.data()) == 0);
    out = UniqueFd(fds[0]);
    in = UniqueFd(fds[1]);
    REQUIRE(write(in.get(), "x", 1) == 1);
  }
  UniqueFd out, in;
};

} // namespace

TEST_CASE("a readable file descriptor is dispatched while its source lives") {
  EventLoop loop;
  const Pipe pipe;
  int calls = 0;
  {
    const auto source = loop.on_readable(pipe.out.get(), [&] {
      ++calls;
      loop.quit();
    });
    loop.run();
    CHECK(calls == 1);
  }
  loop.run_pending();
  CHECK(calls == 1);
}

TEST_CASE("a file descriptor is writable when it has room") {
  EventLoop loop;
  const Pipe pipe;
  REQUIRE(fcntl(pipe.in.get(), F_SETFL, O_NONBLOCK) == 0);
  const std::string block(65536, 'x');
  while (write(pipe.in.get(), block.data(), block.size()) > 0) {
  }
  int calls = 0;
  const auto source = loop.on_writable(pipe.in.get(), [&] {
    ++calls;
    loop.quit();
  });
  loop.run_pending();
  CHECK(calls == 0);
  std::string drained(1 << 20, '\0');
  REQUIRE(read(pipe.out.get(), drained.data(), drained.size()) > 0);
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("one source waits for one or both directions of a descriptor") {
  EventLoop loop;
  std::array<int, 2> fds{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()) == 0);
  const UniqueFd ours(fds[0]);
  UniqueFd theirs(fds[1]);
  Readiness seen;
  const auto note = [&](Readiness readiness) {
    seen = readiness;
    loop.quit();
  };
  {
    const auto source = loop.on_ready(ours.get(), {.writable = true}, note);
    REQUIRE(write(theirs.get(), "x", 1) == 1);
    loop.run_pending();
    CHECK(seen.writable);
    CHECK(!seen.readable);
  }
  EventLoop second;
  seen = {};
  const auto source =
      second.on_ready(ours.get(), {.readable = true, .writable = true}, [&](Readiness readiness) {
        seen = readiness;
        second.quit();
      });
  second.run();
  CHECK(seen.writable);
  CHECK(seen.readable);
}

TEST_CASE("a descriptor is ready for every direction after its peer hung up") {
  EventLoop loop;
  std::array<int, 2> fds{};
  REQUIRE(pipe(fds.data()) == 0);
  const UniqueFd in(fds[1]);
  REQUIRE(close(fds[0]) == 0);
  Readiness seen;
  const auto source = loop.on_ready(in.get(), {.writable = true}, [&](Readiness readiness) {
    seen = readiness;
    loop.quit();
  });
  loop.run();
  CHECK(seen.writable);
}

TEST_CASE("a callback may destroy its own source, and runs to its end and never again") {
  EventLoop loop;
  const Pipe pipe;
  EventSource source;
  int calls = 0;
  const std::string captured = "captures of the callback outlive the source";
  source = loop.on_readable(pipe.out.get(), [&source, &calls, captured] {
    source = {};
    calls += static_cast<int>(captured.size());
  });
  loop.run_pending();
  CHECK(calls == static_cast<int>(captured.size()));
}

TEST_CASE("a timer fires once each time it is armed") {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.timer([&] {
    ++calls;
    loop.quit();
  });
  loop.run_pending();
  CHECK(calls == 0);
  timer.arm_at(std::chrono::steady_clock::now());
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("a timer that was disarmed does not fire") {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.timer([&] { ++calls; });
  timer.arm_at(std::chrono::steady_clock::now());
  timer.disarm();
  loop.run_pending();
  CHECK(calls == 0);
}

TEST_CASE("a signal is dispatched from the loop") {
  EventLoop loop;
  const auto source = loop.on_signal(SIGUSR1, [&] { loop.quit(); });
  raise(SIGUSR1);
  loop.run();
  CHECK(loop.quitting());
}

TEST_CASE("an exception that leaves a callback leaves the loop") {
  EventLoop loop;
  const Pipe pipe;
  const auto source = loop.on_readable(pipe.out.get(), [] { throw std::runtime_error("from the callback"); });
  CHECK_THROWS_WITH(loop.run(), "from the callback");
}

} // namespace sfa::common_event_loop_test
