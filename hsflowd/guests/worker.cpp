#include "guests/worker.hpp"

#include "common/handle.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <sys/eventfd.h>
#include <system_error>
#include <vector>

namespace sfa::guests {

// Lives as long as the last of the Worker, its thread and those who may post.
struct Worker::Shared {
  UniqueFd wakeup{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs; // below: under the mutex
  std::vector<Callback> finished;
  bool stop = false;
  bool ended = false;

  void finish(Callback callback) {
    {
      const std::lock_guard lock(mutex);
      finished.push_back(std::move(callback));
    }
    eventfd_write(wakeup.get(), 1); // fails only when the counter is full, and then the loop is awake
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return stop || !jobs.empty(); });
      if (jobs.empty()) {
        break;
      }
      {
        Job job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        finish(job());
      }
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

Worker::Worker(EventLoop& loop) : shared_(std::make_shared<Shared>()) {
  if (!shared_->wakeup) {
    throw std::system_error(errno, std::generic_category(), "make eventfd");
  }
  finished_ = loop.on_readable(shared_->wakeup.get(), [this] { take_finished(); });
  // Signals are the event loop's; threads that libraries make inherit that.
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  thread_ = std::thread([shared = shared_] { shared->run(); });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

Worker::~Worker() {
  constexpr std::chrono::milliseconds kPatience{300};
  std::unique_lock lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.notify_all();
  const bool ended = shared_->changed.wait_for(lock, kPatience, [this] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join(); // what libraries keep for each thread is gone before anybody exits
  } else {
    thread_.detach();
  }
}

void Worker::post(Job job) {
  const std::lock_guard lock(shared_->mutex);
  shared_->jobs.push_back(std::move(job));
  shared_->changed.notify_all();
}

std::function<void(Callback)> Worker::poster() const {
  return [shared = shared_](Callback callback) { shared->finish(std::move(callback)); };
}

void Worker::take_finished() {
  eventfd_t count = 0;
  eventfd_read(shared_->wakeup.get(), &count);
  std::vector<Callback> finished;
  {
    const std::lock_guard lock(shared_->mutex);
    finished.swap(shared_->finished);
  }
  for (const auto& callback : finished) {
    callback();
  }
}

} // namespace sfa::guests
