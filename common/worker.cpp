#include "common/worker.hpp"

#include "common/handle.hpp"

#include <cerrno>
#include <chrono>
#include <mutex>
#include <sys/eventfd.h>
#include <system_error>
#include <vector>

namespace sfa {

namespace {

constexpr std::chrono::seconds kRetry{1}; // to create a thread

} // namespace

// Exists as long as the Worker, its threads, or anybody who may post.
struct Worker::Results {
  UniqueFd wakeup{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::vector<Callback> callbacks; // from here on: protected by the mutex
  bool closed = false;

  void add(Callback callback) {
    {
      const std::lock_guard lock(mutex);
      if (closed) {
        return;
      }
      callbacks.push_back(std::move(callback));
    }
    eventfd_write(wakeup.get(), 1); // fails only if the counter is full, and then the loop is awake
  }
};

Worker::Worker(EventLoop& loop, std::chrono::milliseconds patience)
    : results_(std::make_shared<Results>()), thread_(patience), retry_(loop.timer([this] { hand_over(); })) {
  if (!results_->wakeup) {
    throw std::system_error(errno, std::generic_category(), "make eventfd");
  }
  readable_ = loop.on_readable(results_->wakeup.get(), [this] { take_results(); });
}

// A result that nobody took may hold what it came from, and that a poster, which holds the results. Like all
// work it is destroyed on the thread, because to close a connection may hang.
Worker::~Worker() {
  std::vector<Callback> untaken;
  {
    const std::lock_guard lock(results_->mutex);
    results_->closed = true;
    untaken.swap(results_->callbacks);
  }
  if (!untaken.empty()) {
    (void)thread_.add([untaken = std::move(untaken)]() mutable { untaken.clear(); });
  }
}

std::function<void(Callback)> Worker::poster() const {
  return [results = results_](Callback callback) { results->add(std::move(callback)); };
}

void Worker::enqueue(Job job) {
  waiting_.push_back(std::move(job));
  hand_over();
}

void Worker::hand_over() {
  while (!waiting_.empty()) {
    if (!thread_.add(std::move(waiting_.front()))) {
      creating_.failed(Error{"cannot be created; trying again every second"});
      retry_.arm_at(std::chrono::steady_clock::now() + kRetry);
      return;
    }
    creating_.ok();
    waiting_.pop_front();
  }
}

void Worker::take_results() {
  eventfd_t count = 0;
  eventfd_read(results_->wakeup.get(), &count);
  std::vector<Callback> callbacks;
  {
    const std::lock_guard lock(results_->mutex);
    callbacks.swap(results_->callbacks);
  }
  for (const auto& callback : callbacks) {
    callback();
  }
}

} // namespace sfa
