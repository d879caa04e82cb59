// Calls a function once for a burst of events: a fixed time after the first of them. Later events do not
// postpone the call, so that a stream of events cannot block it.
//
//   Debounce update(loop, 20ms, [&] { read_everything_again(); });
//   EventSource watch = loop.on_readable(fd, [&] {
//     drain(fd);
//     update.trigger(); // the first starts the 20 ms, the others are covered by the same call
//   });
//
// The function may call trigger() again, for a later attempt.
#pragma once

#include "common/event_loop.hpp"

#include <chrono>
#include <utility>

namespace sfa {

class Debounce {
public:
  // `function` is called from the loop. A delay of 0 means the next turn of the loop.
  Debounce(EventLoop& loop, std::chrono::milliseconds delay, Callback function)
      : delay_(delay), timer_(loop.timer([this, function = std::move(function)] {
          pending_ = false;
          function();
        })) {}
  Debounce(const Debounce&) = delete; // the timer holds `this`
  Debounce& operator=(const Debounce&) = delete;
  Debounce(Debounce&&) = delete;
  Debounce& operator=(Debounce&&) = delete;
  ~Debounce() = default;

  void trigger() {
    if (!std::exchange(pending_, true)) {
      timer_.arm_at(std::chrono::steady_clock::now() + delay_);
    }
  }

  // Drops a call that is pending, because somebody did its work already.
  void cancel() {
    if (std::exchange(pending_, false)) {
      timer_.disarm();
    }
  }

  [[nodiscard]] bool pending() const { return pending_; }

private:
  std::chrono::milliseconds delay_;
  bool pending_ = false;
  Timer timer_;
};

} // namespace sfa
