// The one blocking point of a daemon: sd-event, with C++ ownership. A source is on from the moment it is made
// until it is destroyed, which its own callback may do too. An exception that leaves a callback ends run() or
// run_pending() with that exception; it never crosses C.
//
//   EventLoop loop;
//   EventSource watch = loop.on_readable(fd, [&] { drain(fd); });
//   Timer timer = loop.timer([&] { poll(); });
//   timer.arm_at(now + 5s);
//   loop.run();
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

struct sd_event;
struct sd_event_source;

namespace sfa {

// CLOCK_MONOTONIC: steps of the wall clock and time in suspend do not move it.
using MonotonicTime = std::chrono::steady_clock::time_point;

using Callback = std::function<void()>;

// What a file descriptor is waited for, and what it turned out to be. An error or a hang-up is both: reading
// or writing tells which.
struct Readiness {
  bool readable = false;
  bool writable = false;
};

class EventSource {
public:
  EventSource() = default;
  EventSource(EventSource&&) noexcept = default;
  EventSource& operator=(EventSource&&) noexcept = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  ~EventSource() = default;

protected:
  friend class EventLoop;
  struct Impl;
  struct Delete {
    void operator()(Impl* impl) const;
  };
  std::unique_ptr<Impl, Delete> impl_;
};

// Fires once for each time that it is armed.
class Timer : public EventSource {
public:
  void arm_at(MonotonicTime when);
  void disarm();
};

class EventLoop {
public:
  // Throws std::system_error.
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  EventLoop(EventLoop&&) = delete;
  EventLoop& operator=(EventLoop&&) = delete;
  ~EventLoop();

  // All throw std::system_error when the kernel has no more to give. `fd` is not owned.
  [[nodiscard]] EventSource on_readable(int fd, Callback callback);
  [[nodiscard]] EventSource on_writable(int fd, Callback callback);
  // For both directions of one descriptor: epoll(7) takes each descriptor once only.
  [[nodiscard]] EventSource on_ready(int fd, Readiness wanted, std::function<void(Readiness)> callback);
  [[nodiscard]] EventSource on_signal(int signal, Callback callback); // blocks the signal for the process
  [[nodiscard]] Timer timer(Callback callback);

  // Waits and dispatches until quit() was called.
  void run();
  void quit() { quit_ = true; }
  [[nodiscard]] bool quitting() const { return quit_; }

  // For a loop nested in another one: dispatches what is ready and returns; then wait until fd() is readable.
  void run_pending();
  [[nodiscard]] int fd() const;

  // Answers systemd's watchdog from this loop, if the service has one: a loop that makes no progress is
  // restarted.
  void enable_watchdog();

private:
  struct Delete {
    void operator()(sd_event* event) const;
  };
  void rethrow();
  std::unique_ptr<sd_event, Delete> event_;
  std::exception_ptr thrown_;
  bool quit_ = false;
};

} // namespace sfa
