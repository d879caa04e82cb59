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
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace sfa::guests {

// A call that nobody waits for any more; true once it has returned after all.
using StuckCall = std::shared_ptr<const std::atomic<bool>>;

[[nodiscard]] inline bool is_pending(const StuckCall& call) {
  return call && !call->load();
}

// Makes calls one after another, on a thread of its own and through a Connection. A call that does not return
// within `patience` keeps both to itself until it does, and those after it are made on another thread through
// another Connection: so what hangs shares nothing with anything else.
template <class Connection>
class CallLane {
public:
  // Told which of the calls it is to make. Owns or shares all that it uses, and must not throw.
  using Call = std::function<void(Connection&, std::size_t)>;
  struct Patience {
    std::chrono::milliseconds with_each;
    unsigned most_stuck; // after so many, what comes behind them is not made
  };
  struct Outcome {
    bool made = false;
    StuckCall stuck = {}; // neither: not begun
  };

  // `make` must not block: a Connection connects when it is first called through.
  explicit CallLane(std::function<std::unique_ptr<Connection>()> make) : make_(std::move(make)) {}
  CallLane(const CallLane&) = delete;
  CallLane& operator=(const CallLane&) = delete;
  CallLane(CallLane&&) = delete;
  CallLane& operator=(CallLane&&) = delete;
  ~CallLane() { disconnect(); }

  // Makes the calls 0 to count - 1; one outcome for each. What a call that is stuck writes, nobody may read.
  [[nodiscard]] std::vector<Outcome> make_calls(std::size_t count, const Call& call, Patience patience) {
    std::vector<Outcome> outcomes(count);
    std::size_t begin = 0;
    for (unsigned stuck = 0; begin < count && stuck < patience.most_stuck; ++stuck) {
      if (!caller_ && !start_caller()) {
        break;
      }
      auto& caller = *caller_;
      std::unique_lock lock(caller.mutex);
      caller.call = call;
      caller.next = begin;
      caller.end = count;
      caller.since = MonotonicClock::now();
      caller.changed.notify_all();
      while (!caller.is_idle() && MonotonicClock::now() < caller.since + patience.with_each) {
        caller.changed.wait_until(lock, caller.since + patience.with_each);
      }
      for (; begin < caller.next; ++begin) {
        outcomes[begin].made = true;
      }
      if (caller.is_idle()) {
        caller.call = {};
        break;
      }
      outcomes[begin++].stuck = abandon_caller();
      lock.unlock();
      caller_.reset();
    }
    return outcomes;
  }

  // How many calls are stuck now.
  [[nodiscard]] std::size_t stuck() {
    std::erase_if(stuck_, [](const StuckCall& call) { return call->load(); });
    return stuck_.size();
  }

  // The next call is made through a new connection. A connection that hangs while it closes is left to
  // itself.
  void disconnect() {
    constexpr std::chrono::milliseconds kPatience{300};
    if (!caller_) {
      return;
    }
    std::unique_lock lock(caller_->mutex);
    caller_->stop = true;
    caller_->changed.notify_all();
    const bool ended = caller_->changed.wait_for(lock, kPatience, [this] { return caller_->ended; });
    lock.unlock();
    if (ended) {
      caller_->thread.join(); // what libraries keep for each thread is gone before anybody exits
    } else {
      caller_->thread.detach();
    }
    caller_.reset();
  }

private:
  using MonotonicClock = MonotonicTime::clock;
  struct Caller {
    std::mutex mutex;
    std::condition_variable changed;
    Call call; // below: under the mutex
    std::size_t next = 0;
    std::size_t end = 0;
    MonotonicTime since = {}; // when the call `next` began
    bool stop = false;
    bool ended = false;                               // its connection is closed
    std::shared_ptr<std::atomic<bool>> returned = {}; // set: nobody waits any more
    std::thread thread = {};                          // that of the lane's owner

    [[nodiscard]] bool is_idle() const { return next == end; }
  };

  // Fails while the system has no thread to give.
  [[nodiscard]] bool start_caller() {
    auto caller = std::make_shared<Caller>();
    try {
      caller->thread =
          std::thread([caller, connection = make_()]() mutable { run(*caller, std::move(connection)); });
    } catch (const std::system_error&) {
      return false;
    }
    caller_ = std::move(caller);
    return true;
  }

  // Under its mutex.
  [[nodiscard]] StuckCall abandon_caller() {
    caller_->thread.detach();
    caller_->returned = std::make_shared<std::atomic<bool>>(false);
    stuck_.push_back(caller_->returned);
    return caller_->returned;
  }

  static void run(Caller& caller, std::unique_ptr<Connection> connection) {
    std::unique_lock lock(caller.mutex);
    while (!caller.returned) {
      caller.changed.wait(lock, [&] { return caller.stop || !caller.is_idle(); });
      if (caller.stop) {
        break;
      }
      caller.since = MonotonicClock::now();
      lock.unlock();
      caller.call(*connection, caller.next); // neither changes while this is not idle
      lock.lock();
      if (!caller.returned && ++caller.next == caller.end) {
        caller.changed.notify_all();
      }
    }
    lock.unlock();
    connection.reset(); // may block too
    lock.lock();
    caller.ended = true;
    caller.changed.notify_all();
    if (caller.returned) {
      *caller.returned = true;
    }
  }

  std::function<std::unique_ptr<Connection>()> make_;
  std::shared_ptr<Caller> caller_; // shared with its thread
  std::vector<StuckCall> stuck_;
};

} // namespace sfa::guests
