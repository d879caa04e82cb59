// For many calls into a library of which some may never return, such as those that wait for the monitor of a
// QEMU that is stopped.
#pragma once

#include "common/event_loop.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sfa {

// A call that nobody waits for any more; true once it has returned after all.
using StuckCall = std::shared_ptr<const std::atomic<bool>>;

// Makes calls one after another, on a thread of its own and through a Connection. A call that does not return
// within `patience` keeps both to itself until it does, and those after it are made on another thread through
// another Connection: so what hangs shares nothing with anything else.
template <class Connection>
class CallLane {
public:
  using Call = std::function<void(Connection&)>; // owns or shares all that it uses, and must not throw
  struct Patience {
    std::chrono::milliseconds with_each;
    unsigned most_stuck; // after so many, what comes behind them is not made
  };
  struct Outcome {
    bool made = false;
    StuckCall stuck = {}; // neither: not begun
  };

  // `make` must not block: a Connection connects when it is first called through.
  explicit CallLane(std::function<std::shared_ptr<Connection>()> make) : make_(std::move(make)) {}

  // One outcome for each call. What a call that is stuck writes, nobody may read.
  [[nodiscard]] std::vector<Outcome> make_calls(std::vector<Call> calls, Patience patience) {
    std::vector<Outcome> outcomes(calls.size());
    std::size_t begin = 0;
    for (unsigned stuck = 0; begin < outcomes.size() && stuck < patience.most_stuck; ++stuck) {
      const auto batch = start(std::move(calls));
      std::unique_lock lock(batch->mutex);
      while (!batch->ended && MonotonicClock::now() < batch->since + patience.with_each) {
        batch->changed.wait_until(lock, batch->since + patience.with_each);
      }
      for (std::size_t i = 0; i < batch->next; ++i) {
        outcomes[begin + i].made = true;
      }
      begin += batch->next;
      if (batch->ended) {
        lock.unlock();
        batch->thread.join(); // what libraries keep for each thread is gone before anybody exits
        break;
      }
      batch->thread.detach();
      connection_.reset();
      batch->returned = std::make_shared<std::atomic<bool>>(false);
      stuck_.push_back(batch->returned);
      outcomes[begin++].stuck = batch->returned;
      calls.assign(std::move_iterator(batch->calls.begin() + static_cast<std::ptrdiff_t>(batch->next) + 1),
                   std::move_iterator(batch->calls.end()));
    }
    return outcomes;
  }

  // How many calls are stuck now.
  [[nodiscard]] std::size_t stuck() {
    std::erase_if(stuck_, [](const StuckCall& call) { return call->load(); });
    return stuck_.size();
  }

  // The next call is made through a new connection.
  void disconnect() { connection_.reset(); }

private:
  using MonotonicClock = MonotonicTime::clock;
  struct Batch {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Call> calls; // all under the mutex
    std::size_t next = 0;
    MonotonicTime since = MonotonicClock::now(); // when the call `next` began
    bool ended = false;
    std::thread thread = {};                          // that of the lane's owner
    std::shared_ptr<std::atomic<bool>> returned = {}; // set: nobody waits any more
  };

  [[nodiscard]] std::shared_ptr<Batch> start(std::vector<Call> calls) {
    if (!connection_) {
      connection_ = make_();
    }
    auto batch = std::make_shared<Batch>();
    batch->calls = std::move(calls);
    batch->thread =
        std::thread([batch, connection = connection_]() mutable { run(*batch, std::move(connection)); });
    return batch;
  }

  static void run(Batch& batch, std::shared_ptr<Connection> connection) {
    std::unique_lock lock(batch.mutex);
    while (!batch.returned && batch.next < batch.calls.size()) {
      {
        const Call call = std::move(batch.calls[batch.next]);
        batch.since = MonotonicClock::now();
        lock.unlock();
        call(*connection);
      }
      lock.lock();
      batch.next += batch.returned ? 0U : 1U;
    }
    batch.ended = true;
    const auto returned = batch.returned;
    if (!returned) {
      connection.reset(); // before anybody uses the other reference
      batch.changed.notify_all();
      return;
    }
    lock.unlock();
    connection.reset(); // may block too
    *returned = true;
  }

  std::function<std::shared_ptr<Connection>()> make_;
  std::shared_ptr<Connection> connection_;
  std::vector<StuckCall> stuck_;
};

} // namespace sfa
