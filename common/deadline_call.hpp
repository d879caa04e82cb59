// One call that may never return and cannot be cancelled, for a caller that may wait for a moment. Example: a
// call into a library whose daemon hangs.
//
//   const auto abandoned = no_abandoned_calls();
//   const auto answer = call_with_deadline([connection] { return connection->ask(); }, 500ms, abandoned);
//   if (!answer) { connection = nullptr; } // it belongs to the thread that hangs
#pragma once

#include "common/patience.hpp"
#include "common/worker_thread.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace sfa {

// The number of calls that are still under way although nobody waits for them any more. Their threads share
// it.
using AbandonedCalls = std::shared_ptr<std::atomic<unsigned>>;

[[nodiscard]] inline AbandonedCalls no_abandoned_calls() {
  return std::make_shared<std::atomic<unsigned>>(0U);
}

// The result of `call`, or nullopt if it does not return within `patience` or if the system cannot create a
// thread. A call that does not return in time continues on its thread, and counts as abandoned until it
// returns. Its result is destroyed there. The call owns everything that it uses, and must not throw.
template <class Call, class T = std::invoke_result_t<Call>>
[[nodiscard]] std::optional<T> call_with_deadline(Call call, std::chrono::milliseconds patience,
                                                  const AbandonedCalls& abandoned) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<T> result; // from here on: protected by the mutex
    bool abandoned = false;
  };
  const auto shared = std::make_shared<Shared>();
  WorkerThread thread;
  if (!thread.add([shared, abandoned, call = std::move(call)]() mutable {
        std::optional<T> result(call());
        {
          const std::lock_guard lock(shared->mutex);
          if (!shared->abandoned) {
            shared->result = std::move(result);
            shared->changed.notify_all();
            return;
          }
        }
        result.reset();
        abandoned->fetch_sub(1);
      })) {
    return std::nullopt;
  }
  std::unique_lock lock(shared->mutex);
  if (!wait_with_patience(shared->changed, lock, patience, [&] { return shared->result.has_value(); })) {
    shared->abandoned = true;
    abandoned->fetch_add(1);
    lock.unlock();
    thread.abandon();
    return std::nullopt;
  }
  return std::move(shared->result);
}

} // namespace sfa
