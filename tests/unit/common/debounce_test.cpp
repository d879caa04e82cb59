#include "common/debounce.hpp"

#include <catch2/catch.hpp>
#include <memory>

namespace sfa::common_debounce_test {

using namespace std::chrono_literals;

namespace {

// Runs the loop for a limited time.
void run_for(EventLoop& loop, std::chrono::milliseconds limit) {
  Timer end = loop.timer([&] { loop.quit(); });
  end.arm_at(std::chrono::steady_clock::now() + limit);
  loop.run();
}

} // namespace

TEST_CASE("a debounce calls its function once for a burst, not before its delay is over") {
  EventLoop loop;
  const auto begin = std::chrono::steady_clock::now();
  int calls = 0;
  Debounce debounce(loop, 30ms, [&] {
    ++calls;
    loop.quit();
  });
  for (int i = 0; i < 100; ++i) {
    debounce.trigger();
  }
  loop.run_pending();
  CHECK(debounce.pending());
  loop.run();
  CHECK(calls == 1);
  CHECK(std::chrono::steady_clock::now() - begin >= 30ms);
  CHECK(!debounce.pending());
}

TEST_CASE("a stream of events does not postpone the debounced call") {
  EventLoop loop;
  int events = 0;
  int events_before_call = 0;
  Debounce debounce(loop, 20ms, [&] {
    events_before_call = events;
    loop.quit();
  });
  Timer stream;
  stream = loop.timer([&] {
    ++events;
    debounce.trigger();
    stream.arm_at(std::chrono::steady_clock::now() + 1ms);
  });
  stream.arm_at(std::chrono::steady_clock::now());
  loop.run();
  CHECK(events_before_call > 0);
}

TEST_CASE("a debounce that is cancelled does not call, and can be triggered again") {
  EventLoop loop;
  int calls = 0;
  Debounce debounce(loop, 0ms, [&] { ++calls; });
  debounce.trigger();
  debounce.cancel();
  CHECK(!debounce.pending());
  loop.run_pending();
  CHECK(calls == 0);
  debounce.trigger();
  loop.run_pending();
  CHECK(calls == 1);
}

TEST_CASE("a debounced function may trigger the next call itself") {
  EventLoop loop;
  int calls = 0;
  std::unique_ptr<Debounce> debounce;
  debounce = std::make_unique<Debounce>(loop, 1ms, [&] {
    if (++calls < 3) {
      debounce->trigger();
    } else {
      loop.quit();
    }
  });
  debounce->trigger();
  loop.run();
  CHECK(calls == 3);
}

TEST_CASE("a debounced function may destroy its debounce, and a destroyed debounce does not call") {
  EventLoop loop;
  int calls = 0;
  std::unique_ptr<Debounce> debounce;
  debounce = std::make_unique<Debounce>(loop, 0ms, [&] {
    debounce.reset();
    ++calls;
  });
  debounce->trigger();
  loop.run_pending();
  CHECK(calls == 1);
  debounce = std::make_unique<Debounce>(loop, 0ms, [&] { ++calls; });
  debounce->trigger();
  debounce.reset();
  run_for(loop, 5ms);
  CHECK(calls == 1);
}

} // namespace sfa::common_debounce_test
