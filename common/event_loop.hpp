// The only place where a daemon blocks: sd-event, with C++ ownership. A source is active from its creation
// until its destruction; its own callback may destroy it. An exception that leaves a callback leaves run() or
// run_pending(); it never crosses C code.
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

// For the first line of main(): a signal that comes before EventLoop::on_signal() waits for it, instead of
// ending the process. Threads and child processes inherit that (pthread_sigmask(3)).
void hold_signal(int signal);
// Gives a held signal its default action again, for a run without an event loop.
void release_signal(int signal);

// CLOCK_MONOTONIC: changes of the wall clock do not affect it, and it stops during suspend.
using MonotonicTime = std::chrono::steady_clock::time_point;

using Callback = std::function<void()>;

// The directions that a caller waits for, or those that are ready. On an error or a hang-up both are ready;
// the next read or write returns the reason.
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

// Fires once each time it is armed.
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

  // All throw std::system_error if the kernel is out of resources. `fd` is not owned.
  [[nodiscard]] EventSource on_readable(int fd, Callback callback);
  [[nodiscard]] EventSource on_writable(int fd, Callback callback);
  // For both directions of one descriptor, because epoll(7) accepts each descriptor only once.
  [[nodiscard]] EventSource on_ready(int fd, Readiness wanted, std::function<void(Readiness)> callback);
  [[nodiscard]] EventSource on_signal(int signal, Callback callback); // blocks the signal for the process
  [[nodiscard]] Timer timer(Callback callback);

  // Waits and dispatches until quit() is called.
  void run();
  void quit() { quit_ = true; }
  [[nodiscard]] bool quitting() const { return quit_; }

  // For a loop nested in another one: dispatches what is ready and returns. Wait for fd() to be readable.
  void run_pending();
  [[nodiscard]] int fd() const;

  // Sends systemd watchdog keep-alives from this loop, if the unit sets WatchdogSec=. systemd restarts a
  // daemon whose loop makes no progress.
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
