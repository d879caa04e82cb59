// How to call what may block or hang. No such call is made on the thread of the event loop.
//
//   You are                                     You need                        Use
//   on the event loop, which must not wait      the result, in the event loop   Worker
//   on a worker, which may wait for a moment    one call with a deadline        common/deadline_call.hpp
//   on a worker, with many calls to make        that a stuck one delays none    common/call_lane.hpp
//   the owner of a library's own endless loop   a thread                        common/worker_thread.hpp
//
// A Worker is cheap: its thread starts with the first work. What hangs delays only what shares its Worker.
//
//   Worker worker(loop);
//   worker.run([source] { return source->list(); }, [this](Result<Vms> vms) { take(std::move(vms)); });
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/worker_thread.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace sfa {

class Worker {
public:
  // `patience` is for the queued work when the Worker is destroyed. Throws std::system_error.
  explicit Worker(EventLoop& loop, std::chrono::milliseconds patience = WorkerThread::kPatience);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  Worker(Worker&&) = delete;
  Worker& operator=(Worker&&) = delete;
  ~Worker(); // waits for the queued work, at most `patience`

  // Calls `work` on the thread, and then `done` with its result in the event loop, unless the Worker has been
  // destroyed by then. `work` must not throw, and owns or shares everything that it uses. While the system
  // cannot create a thread, which is logged, the work waits.
  template <class Work, class Done>
  void run(Work work, Done done) {
    enqueue([work = std::move(work), done = std::move(done), post = poster()]() mutable {
      auto result = std::make_shared<decltype(work())>(work());
      post([result, done = std::move(done)]() mutable { done(std::move(*result)); });
    });
  }

  // Calls `callback` in the event loop soon. Any thread may use it, even after the Worker was destroyed.
  [[nodiscard]] std::function<void(Callback)> poster() const;

private:
  struct Results;
  using Job = WorkerThread::Job;

  void enqueue(Job job);
  void hand_over();
  void take_results();

  std::shared_ptr<Results> results_;
  std::deque<Job> waiting_; // until the system can create a thread
  WorkerThread thread_;
  LoggedState creating_{"worker thread"};
  Timer retry_;
  EventSource readable_;
};

} // namespace sfa
