// How to call what may block or hang. No such call is made on the thread of the event loop.
//
//   You are                                     You need                        Use
//   on the event loop, which must not wait      the result, in the event loop   Worker
//   on a worker, which may wait for a moment    one call with a deadline        common/deadline_call.hpp
//   on a worker, with many calls to make        that a stuck one delays none    common/call_lane.hpp
//   the owner of a library's own endless loop   a thread                        common/worker_thread.hpp
//
// A Worker is cheap: its thread starts with the first work. So everything that can hang on its own has a
// Worker of its own, and delays only what shares it. For example, each kind of hypervisor:
//
//   Worker worker(loop);
//   worker.run([source] { return source->list(); }, [this](Result<Vms> vms) { take(std::move(vms)); });
//
//   // With a deadline. When it has passed, `source` belongs to the thread that hangs: use a new one.
//   worker.run_within(5s, [source] { return source->list(); }, [this](std::optional<Result<Vms>> vms) {
//     vms ? take(*std::move(vms)) : reconnect();
//   });
#pragma once

#include "common/event_loop.hpp"
#include "common/worker_thread.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace sfa {

class Worker {
public:
  // Throws std::system_error.
  explicit Worker(EventLoop& loop);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  Worker(Worker&&) = delete;
  Worker& operator=(Worker&&) = delete;
  ~Worker() = default; // waits for the queued work, at most WorkerThread::kPatience

  // Calls `work` on the thread, and then `done` with its result in the event loop, unless the Worker has been
  // destroyed by then. `work` must not throw, and owns or shares everything that it uses. While the system
  // cannot create a thread, the work waits.
  template <class Work, class Done>
  void run(Work work, Done done) {
    enqueue([work = std::move(work), done = std::move(done), post = poster()]() mutable {
      auto result = std::make_shared<decltype(work())>(work());
      post([result, done = std::move(done)]() mutable { done(std::move(*result)); });
    });
  }

  // As run(), but `done` gets nullopt if there is no result within `patience`. The thread is then left
  // behind, with the work that is queued on it, and the next work gets a new thread.
  template <class Work, class Done>
  void run_within(std::chrono::milliseconds patience, Work work, Done done) {
    using Value = decltype(work());
    const auto call = add_deadline(patience, [done]() mutable { done(std::optional<Value>()); });
    run(std::move(work), [this, call, done = std::move(done)](Value value) mutable {
      if (deadlines_.erase(call) != 0) {
        done(std::optional<Value>(std::move(value)));
      }
    });
  }

  // The number of threads that run_within() left behind and that have not ended yet. Stop asking when it
  // grows.
  [[nodiscard]] std::size_t left_behind() { return thread_.left_behind(); }

  // Calls `callback` in the event loop soon. Any thread may use it, even after the Worker was destroyed.
  [[nodiscard]] std::function<void(Callback)> poster() const;

private:
  struct Results;
  using Job = WorkerThread::Job;

  void enqueue(Job job);
  void hand_over();
  [[nodiscard]] std::uint64_t add_deadline(std::chrono::milliseconds patience, Callback late);
  void take_results();

  EventLoop& loop_;
  std::shared_ptr<Results> results_;
  std::deque<Job> waiting_; // until the system can create a thread
  WorkerThread thread_;
  unsigned thread_number_ = 0; // how many were left behind before it
  std::uint64_t next_call_ = 0;
  std::map<std::uint64_t, Timer> deadlines_; // of calls without a result
  Timer retry_;
  EventSource readable_;
};

} // namespace sfa
