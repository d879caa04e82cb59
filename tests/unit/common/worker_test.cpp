#include "common/worker.hpp"

#include "common/deadline_call.hpp"
#include "common/event_loop.hpp"
#include "common/patience.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <pthread.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace sfa::common_worker_test {

using namespace std::chrono_literals;

namespace {

constexpr auto kDeadline = 10s;

// Runs the loop until `done`, or fails.
template <class Done>
void run_until(EventLoop& loop, Done done) {
  Timer deadline = loop.timer([] { throw std::runtime_error("not within the deadline"); });
  deadline.arm_at(std::chrono::steady_clock::now() + kDeadline);
  while (!done()) {
    pollfd ready{loop.fd(), POLLIN, 0};
    poll(&ready, 1, 1);
    loop.run_pending();
  }
}

// While this exists, no thread can be created: a stack larger than the address space is the default.
class NoThreads {
public:
  NoThreads() {
    pthread_attr_t attributes;
    pthread_getattr_default_np(&attributes);
    pthread_attr_getstacksize(&attributes, &stack_size_);
    set(std::size_t{1} << 50U);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
  NoThreads(NoThreads&&) = delete;
  NoThreads& operator=(NoThreads&&) = delete;
  ~NoThreads() { set(stack_size_); }

private:
  static void set(std::size_t stack_size) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size);
    REQUIRE(pthread_setattr_default_np(&attributes) == 0);
  }
  std::size_t stack_size_ = 0;
};

} // namespace

TEST_CASE("work is done on another thread, in order, and the event loop gets the results") {
  EventLoop loop;
  Worker worker(loop);
  const auto here = std::this_thread::get_id();
  std::vector<int> results;
  for (int i = 0; i < 3; ++i) {
    worker.run([i] { return std::pair(i, std::this_thread::get_id()); },
               [&](std::pair<int, std::thread::id> result) {
                 CHECK(result.second != here);
                 CHECK(std::this_thread::get_id() == here);
                 results.push_back(result.first);
               });
  }
  run_until(loop, [&] { return results.size() == 3; });
  CHECK(results == std::vector{0, 1, 2});
}

TEST_CASE("the event loop continues while the worker is busy") {
  EventLoop loop;
  Worker worker(loop);
  std::promise<void> release;
  auto released = release.get_future().share();
  bool done = false;
  worker.run([released] { return released.wait_for(kDeadline) == std::future_status::ready; },
             [&](bool in_time) {
               CHECK(in_time);
               done = true;
             });
  int turns = 0;
  Timer timer = loop.timer([&] {
    if (++turns == 3) {
      release.set_value();
    }
    timer.arm_at(std::chrono::steady_clock::now() + 1ms);
  });
  timer.arm_at(std::chrono::steady_clock::now());
  run_until(loop, [&] { return done; });
  CHECK(turns >= 3);
}

TEST_CASE("work that hangs does not keep the worker from ending, and touches nothing afterwards") {
  std::promise<void> release;
  auto released = release.get_future().share();
  std::promise<void> left;
  auto has_left = left.get_future();
  {
    EventLoop loop;
    Worker worker(loop, 1ms);
    std::promise<void> begun;
    auto has_begun = begun.get_future();
    worker.run(
        [released, begun = std::make_shared<std::promise<void>>(std::move(begun)),
         left = std::make_shared<std::promise<void>>(std::move(left))] {
          begun->set_value();
          released.wait();
          left->set_value();
          return 0;
        },
        [](int) { FAIL("called after the worker was destroyed"); });
    has_begun.wait();
  }
  release.set_value();
  CHECK(has_left.wait_for(kDeadline) == std::future_status::ready);
}

TEST_CASE("queued work is done before the worker ends") {
  auto done = std::make_shared<std::promise<void>>();
  auto is_done = done->get_future();
  {
    EventLoop loop;
    Worker worker(loop, kDeadline);
    worker.run(
        [done] {
          done->set_value();
          return 0;
        },
        [](int) {});
  }
  CHECK(is_done.wait_for(0s) == std::future_status::ready);
}

TEST_CASE("who waits with patience looks once more after the time of a process that was stopped is over") {
  std::mutex mutex;
  std::condition_variable changed;
  std::unique_lock lock(mutex);
  int looked = 0;
  const auto done_after = [&](int looks) {
    looked = 0;
    return wait_with_patience(changed, lock, 2ms, [&looked, looks] { return ++looked > looks; });
  };
  CHECK(done_after(0));
  CHECK(done_after(2)); // a single wait has looked twice by then: before it and after it
  CHECK_FALSE(done_after(4));
}

TEST_CASE("any thread may post a call to the event loop, even after the worker was destroyed") {
  EventLoop loop;
  std::function<void(Callback)> post;
  bool called = false;
  {
    Worker worker(loop);
    post = worker.poster();
    std::thread([post, &called] { post([&called] { called = true; }); }).join();
    run_until(loop, [&] { return called; });
    CHECK(called);
  }
  post([] { FAIL("called after the worker was destroyed"); });
  loop.run_pending();
}

TEST_CASE("the worker's thread takes no signals") {
  EventLoop loop;
  Worker worker(loop);
  std::optional<bool> blocked;
  worker.run(
      [] {
        sigset_t mask;
        pthread_sigmask(SIG_BLOCK, nullptr, &mask);
        return sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
      },
      [&](bool result) { blocked = result; });
  run_until(loop, [&] { return blocked.has_value(); });
  CHECK(*blocked);
}

TEST_CASE("a worker without work has no thread") {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  EventLoop loop;
  const auto before = threads();
  const Worker worker(loop);
  const WorkerThread thread;
  CHECK(threads() == before);
}

TEST_CASE("work waits while the system cannot create a thread") {
  EventLoop loop;
  Worker worker(loop);
  WorkerThread thread;
  std::optional<int> result;
  auto done = std::make_shared<std::promise<void>>();
  WorkerThread::Job job = [done] { done->set_value(); };
  {
    const NoThreads no_threads;
    worker.run([] { return 7; }, [&](int value) { result = value; });
    CHECK_FALSE(call_with_deadline([] { return 8; }, kDeadline, no_abandoned_calls()));
    CHECK_FALSE(thread.add(std::move(job)));
  }
  REQUIRE(job); // NOLINT(bugprone-use-after-move): unchanged, as promised
  CHECK(thread.add(std::move(job)));
  CHECK(done->get_future().wait_for(kDeadline) == std::future_status::ready);
  run_until(loop, [&] { return result.has_value(); });
  CHECK(result == 7);
}

TEST_CASE("a call that returns in time has a value") {
  const auto abandoned = no_abandoned_calls();
  CHECK(call_with_deadline([] { return 7; }, kDeadline, abandoned) == 7);
  CHECK(abandoned->load() == 0);
}

TEST_CASE("a call that does not return in time is abandoned until it does") {
  const auto abandoned = no_abandoned_calls();
  std::promise<void> release;
  auto released = release.get_future().share();
  const auto value = call_with_deadline(
      [released] {
        released.wait();
        return 7;
      },
      1ms, abandoned);
  CHECK_FALSE(value);
  CHECK(abandoned->load() == 1);
  CHECK(call_with_deadline([] { return 8; }, kDeadline, abandoned) == 8);
  CHECK(abandoned->load() == 1);
  release.set_value();
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (abandoned->load() != 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(abandoned->load() == 0);
}

TEST_CASE(
    "a call that returns just at its deadline has a value or is abandoned, and is not counted for ever") {
  const auto abandoned = no_abandoned_calls();
  for (int i = 0; i < 200; ++i) {
    const auto value = call_with_deadline(
        [i] {
          std::this_thread::sleep_for(std::chrono::microseconds(900 + i));
          return i;
        },
        1ms, abandoned);
    CHECK((!value || *value == i));
  }
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (abandoned->load() != 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK(abandoned->load() == 0);
}

TEST_CASE("a result that nobody took is destroyed, even if it holds a poster of its Worker") {
  struct Source {
    std::function<void(Callback)> post;
  };
  EventLoop loop;
  std::weak_ptr<Source> watched;
  {
    Worker worker(loop);
    const auto source = std::make_shared<Source>(Source{worker.poster()});
    watched = source;
    std::promise<void> done;
    auto finished = done.get_future();
    worker.run([source] { return source; }, [](const auto&) {});
    worker.run([&done] { return (done.set_value(), 0); }, [](int) {});
    finished.wait(); // the first result is queued now
  }
  CHECK(watched.expired());
}

} // namespace sfa::common_worker_test
