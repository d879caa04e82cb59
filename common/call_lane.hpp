// Many calls through a connection, some of which may never return. Example: calls about virtual machines,
// which wait for the monitor of a QEMU that is stopped.
//
//   CallLane<Connection> lane([uri] { return std::make_unique<Connection>(uri); });
//   const auto shared = std::make_shared<Answers>(vms); // with the calls, which may outlive us
//   const auto outcomes = lane.make_calls(
//       vms.size(), [shared](Connection& connection, std::size_t i) { shared->ask(connection, i); },
//       {.with_each = 250ms, .most_stuck = 2});
//   // If outcomes[i].made, its answer may be read. Otherwise ask again when !is_pending(outcomes[i].stuck).
#pragma once

#include "common/event_loop.hpp"
#include "common/worker_thread.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace sfa {

// A call that nobody waits for any more. True once it has returned after all.
using StuckCall = std::shared_ptr<const std::atomic<bool>>;

[[nodiscard]] inline bool is_pending(const StuckCall& call) {
  return call && !call->load();
}

// Makes calls one after another, on a thread of its own and through a Connection. A call that does not return
// within `patience` keeps both until it returns. The calls after it use another thread and another
// Connection. So a call that hangs shares nothing with any other call.
template <class Connection>
class CallLane {
public:
  // Gets the number of the call that it is to make. Owns or shares everything that it uses, and must not
  // throw.
  using Call = std::function<void(Connection&, std::size_t)>;
  struct Patience {
    std::chrono::milliseconds with_each;
    unsigned most_stuck; // after this many stuck calls, the remaining ones are not made
  };
  struct Outcome { // neither: the call was not started
    bool made = false;
    StuckCall stuck = {};
  };

  using Clock = std::function<MonotonicTime()>; // read on both threads

  // `make` must not block: a Connection connects at the first call. `clock` is for tests.
  explicit CallLane(std::function<std::unique_ptr<Connection>()> make,
                    Clock clock = MonotonicTime::clock::now)
      : make_(std::move(make)), clock_(std::move(clock)) {}
  CallLane(const CallLane&) = delete;
  CallLane& operator=(const CallLane&) = delete;
  CallLane(CallLane&&) = delete;
  CallLane& operator=(CallLane&&) = delete;
  ~CallLane() { disconnect(); }

  // Makes the calls 0 to count - 1, and returns one outcome for each. Nobody may read what a stuck call
  // writes.
  [[nodiscard]] std::vector<Outcome> make_calls(std::size_t count, const Call& call, Patience patience) {
    std::vector<Outcome> outcomes(count);
    std::size_t begin = 0;
    for (unsigned stuck = 0; begin < count && stuck < patience.most_stuck; ++stuck) {
      const auto batch = start(call, begin, count);
      if (!batch) {
        break;
      }
      std::unique_lock lock(batch->mutex);
      batch->wait(lock, patience.with_each);
      for (; begin < batch->next; ++begin) {
        outcomes[begin].made = true;
      }
      if (batch->is_done()) {
        break;
      }
      batch->returned = std::make_shared<std::atomic<bool>>(false);
      outcomes[begin++].stuck = batch->returned;
      stuck_.push_back(batch->returned);
      lock.unlock();
      connection_.reset();
      thread_.abandon();
    }
    return outcomes;
  }

  // The number of calls that are stuck now.
  [[nodiscard]] std::size_t stuck() {
    std::erase_if(stuck_, [](const StuckCall& call) { return call->load(); });
    return stuck_.size();
  }

  // The next call uses a new connection. A connection that hangs while it closes is left behind.
  void disconnect() {
    if (connection_) {
      // If no thread can be created, there was none, and so nothing to close.
      (void)thread_.add([connection = std::move(connection_)] { connection->reset(); });
      connection_.reset();
    }
    thread_.stop();
  }

private:
  using SharedConnection = std::shared_ptr<std::unique_ptr<Connection>>; // used by the thread only

  // What the thread does for one make_calls(), shared by both sides.
  struct Batch {
    SharedConnection connection;
    Call call;
    Clock clock;
    std::size_t end = 0;
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t next = 0;                        // from here on: protected by the mutex
    std::optional<MonotonicTime> since;          // when the call `next` began
    std::shared_ptr<std::atomic<bool>> returned; // not null: nobody waits any more

    [[nodiscard]] bool is_done() const { return next == end; }

    // Until all calls are made, or one is stuck. In two halves, as wait_with_patience() does and for its
    // reason.
    void wait(std::unique_lock<std::mutex>& lock, MonotonicTime::duration patience) {
      const auto half = patience / 2;
      while (!is_done()) {
        if (const auto left = left_of(half); left.count() > 0) {
          changed.wait_for(lock, left);
          continue;
        }
        const auto late = next;
        changed.wait_for(lock, patience - half, [this] { return is_done(); });
        if (next == late) {
          break;
        }
      }
    }

    // How much longer to wait for the call `next`. All of the patience while it has not begun: on a busy host
    // it begins late, which is not the call's fault.
    [[nodiscard]] MonotonicTime::duration left_of(MonotonicTime::duration patience) const {
      return since ? *since + patience - clock() : patience;
    }

    void run() {
      std::unique_lock lock(mutex);
      while (!returned && !is_done()) {
        since = clock();
        const auto number = next;
        lock.unlock();
        call(**connection, number);
        lock.lock();
        if (!returned && ++next == end) {
          changed.notify_all();
        }
      }
      if (returned) {
        lock.unlock();
        connection->reset(); // may hang, too
        *returned = true;
      }
    }
  };

  // Null if the system cannot create a thread.
  [[nodiscard]] std::shared_ptr<Batch> start(const Call& call, std::size_t begin, std::size_t end) {
    if (!connection_) {
      connection_ = std::make_shared<std::unique_ptr<Connection>>(make_());
    }
    const auto batch = std::make_shared<Batch>();
    batch->connection = connection_;
    batch->call = call;
    batch->clock = clock_;
    batch->next = begin;
    batch->end = end;
    return thread_.add([batch] { batch->run(); }) ? batch : nullptr;
  }

  std::function<std::unique_ptr<Connection>()> make_;
  Clock clock_;
  SharedConnection connection_;
  WorkerThread thread_;
  std::vector<StuckCall> stuck_;
};

} // namespace sfa
