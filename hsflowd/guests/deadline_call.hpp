// For calls into libraries that may never return and cannot be told to give up, such as one that waits for
// the monitor of a QEMU that is stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace sfa::guests {

// How many calls are still under way although nobody waits for them any more. Shared with their threads.
using AbandonedCalls = std::shared_ptr<std::atomic<unsigned>>;

[[nodiscard]] inline AbandonedCalls no_abandoned_calls() {
  return std::make_shared<std::atomic<unsigned>>(0U);
}

// What `call` returns, or nothing when it has not within `patience`. It then goes on, on a thread of its own
// that nobody waits for, and counts as abandoned until it returns; what it returns is dropped on that thread.
// So it must own all that it uses, and must not throw.
template <class Call, class T = std::invoke_result_t<Call>>
[[nodiscard]] std::optional<T> call_with_deadline(Call call, std::chrono::milliseconds patience,
                                                  const AbandonedCalls& abandoned) {
  // Of the two sides, the one that comes second sees that the other came first.
  struct Shared {
    std::promise<T> promise;
    std::atomic<bool> first{true};
  };
  auto shared = std::make_shared<Shared>();
  auto result = shared->promise.get_future();
  std::thread thread;
  try {
    thread = std::thread([shared, abandoned, call = std::move(call)]() mutable {
      shared->promise.set_value(call());
      if (!shared->first.exchange(false)) {
        abandoned->fetch_sub(1);
      }
    });
  } catch (const std::system_error&) {
    return std::nullopt; // the system has no thread to give
  }
  if (result.wait_for(patience) != std::future_status::ready) {
    abandoned->fetch_add(1);
    if (shared->first.exchange(false)) {
      thread.detach();
      return std::nullopt;
    }
    abandoned->fetch_sub(1); // it came at the last moment
  }
  thread.join(); // what libraries keep for each thread is gone before anybody exits
  return result.get();
}

} // namespace sfa::guests
