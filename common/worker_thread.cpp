#include "common/worker_thread.hpp"

#include "common/patience.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

namespace sfa {

namespace {

// Signals belong to the thread of the event loop. A new thread inherits the mask, and so do threads that
// libraries start from it.
class SignalsBlocked {
public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  SignalsBlocked(SignalsBlocked&&) = delete;
  SignalsBlocked& operator=(SignalsBlocked&&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

private:
  sigset_t old_{};
};

std::atomic<bool> left_behind{false};

} // namespace

// Exists until both the WorkerThread and the thread have let go of it.
struct WorkerThread::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs; // from here on: protected by the mutex
  bool stop = false;
  bool ended = false;

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return stop || !jobs.empty(); });
      if (jobs.empty()) {
        break;
      }
      {
        const Job job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        job();
      }
      lock.lock();
    }
    ended = true;
    changed.notify_all();
  }
};

bool WorkerThread::add(Job&& job) {
  if (!shared_) {
    auto shared = std::make_shared<Shared>();
    const SignalsBlocked blocked;
    try {
      thread_ = std::thread([shared] { shared->run(); });
    } catch (const std::system_error&) {
      return false;
    }
    shared_ = std::move(shared);
  }
  const std::lock_guard lock(shared_->mutex);
  shared_->jobs.push_back(std::move(job));
  shared_->changed.notify_all();
  return true;
}

void WorkerThread::stop(std::chrono::milliseconds patience) {
  if (!shared_) {
    return;
  }
  std::unique_lock lock(shared_->mutex);
  shared_->stop = true;
  shared_->changed.notify_all();
  const bool ended = wait_with_patience(shared_->changed, lock, patience, [this] { return shared_->ended; });
  lock.unlock();
  if (ended) {
    thread_.join(); // so that libraries have freed what they keep for each thread before the process ends
  } else {
    left_behind = true;
    thread_.detach();
  }
  shared_.reset();
}

bool WorkerThread::any_left_behind() {
  return left_behind;
}

} // namespace sfa
