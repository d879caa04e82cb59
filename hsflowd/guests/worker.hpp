// The one thread for everything that may block: it takes work in order, and hands what comes of it back to
// the event loop. No other state is shared with it.
//
//   Worker worker(loop);
//   worker.run([source] { return source->list(); }, [this](Result<Vms> vms) { take(std::move(vms)); });
#pragma once

#include "common/event_loop.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace sfa::guests {

class Worker {
public:
  // Both may throw std::system_error.
  explicit Worker(EventLoop& loop);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  Worker(Worker&&) = delete;
  Worker& operator=(Worker&&) = delete;
  // What was asked for has a moment to be done; if that does not suffice, the thread is left to itself: a
  // library that hangs must not keep the daemon from ending.
  ~Worker();

  // Calls `work` on the thread and then `done` with its result in the event loop, unless the Worker is gone
  // by then. `work` owns or shares all that it uses, and must not throw.
  template <class Work, class Done>
  void run(Work work, Done done) {
    post([work = std::move(work), done = std::move(done)]() mutable -> Callback {
      auto result = std::make_shared<decltype(work())>(work());
      return [result, done = std::move(done)]() mutable { done(std::move(*result)); };
    });
  }

  // Calls `callback` in the event loop soon; may be used on any thread, also after the Worker is gone.
  [[nodiscard]] std::function<void(Callback)> poster() const;

private:
  struct Shared;
  using Job = std::function<Callback()>;

  void post(Job job);
  void take_finished();

  std::shared_ptr<Shared> shared_;
  std::thread thread_;
  EventSource finished_;
};

} // namespace sfa::guests
