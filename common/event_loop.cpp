#include "common/event_loop.hpp"

#include <csignal>
#include <sys/epoll.h>
#include <system_error>
#include <systemd/sd-event.h>
#include <utility>

namespace sfa {

struct EventSource::Impl {
  std::function<void(Readiness)> callback;
  std::exception_ptr* thrown; // the loop rethrows it
  sd_event_source* source = nullptr;
  bool running = false;
  bool abandoned = false; // its owner destroyed it while it was running

  int call(Readiness readiness = {}) noexcept {
    running = true;
    try {
      callback(readiness);
    } catch (...) {
      *thrown = std::current_exception();
    }
    running = false;
    if (abandoned) {
      delete this;
    }
    return 0;
  }
};

void EventSource::Delete::operator()(Impl* impl) const {
  if (impl->source != nullptr) { // sd_event_source_disable_unref() exists since systemd 243 only
    sd_event_source_set_enabled(impl->source, SD_EVENT_OFF);
    sd_event_source_unref(impl->source);
  }
  if (impl->running) {
    impl->abandoned = true;
  } else {
    delete impl;
  }
}

namespace {

void check(int result, const char* what) {
  if (result < 0) {
    throw std::system_error(-result, std::generic_category(), what);
  }
}

std::uint64_t microseconds(MonotonicTime when) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count());
}

void change_mask(int how, int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  check(-pthread_sigmask(how, &set, nullptr), "change signal mask");
}

std::function<void(Readiness)> ignoring_readiness(Callback callback) {
  return [callback = std::move(callback)](Readiness) { callback(); };
}

} // namespace

void hold_signal(int signal) {
  change_mask(SIG_BLOCK, signal);
}

void release_signal(int signal) {
  change_mask(SIG_UNBLOCK, signal);
}

void Timer::arm_at(MonotonicTime when) {
  check(sd_event_source_set_time(impl_->source, microseconds(when)), "arm timer");
  check(sd_event_source_set_enabled(impl_->source, SD_EVENT_ONESHOT), "arm timer");
}

void Timer::disarm() {
  check(sd_event_source_set_enabled(impl_->source, SD_EVENT_OFF), "disarm timer");
}

void EventLoop::Delete::operator()(sd_event* event) const {
  sd_event_unref(event);
}

EventLoop::EventLoop() {
  sd_event* event = nullptr;
  check(sd_event_new(&event), "make event loop");
  event_.reset(event);
}

EventLoop::~EventLoop() = default;

EventSource EventLoop::on_readable(int fd, Callback callback) {
  return on_ready(fd, {.readable = true}, ignoring_readiness(std::move(callback)));
}

EventSource EventLoop::on_writable(int fd, Callback callback) {
  return on_ready(fd, {.writable = true}, ignoring_readiness(std::move(callback)));
}

EventSource EventLoop::on_ready(int fd, Readiness wanted, std::function<void(Readiness)> callback) {
  EventSource result;
  result.impl_.reset(new EventSource::Impl{std::move(callback), &thrown_});
  const std::uint32_t events = (wanted.readable ? EPOLLIN : 0U) | (wanted.writable ? EPOLLOUT : 0U);
  check(sd_event_add_io(
            event_.get(), &result.impl_->source, fd, events,
            [](sd_event_source*, int, std::uint32_t happened, void* impl) {
              const bool broken = (happened & (EPOLLERR | EPOLLHUP)) != 0;
              return static_cast<EventSource::Impl*>(impl)->call(
                  {.readable = broken || (happened & EPOLLIN) != 0,
                   .writable = broken || (happened & EPOLLOUT) != 0});
            },
            result.impl_.get()),
        "watch file descriptor");
  return result;
}

EventSource EventLoop::on_signal(int signal, Callback callback) {
  hold_signal(signal);
  EventSource result;
  result.impl_.reset(new EventSource::Impl{ignoring_readiness(std::move(callback)), &thrown_});
  check(sd_event_add_signal(
            event_.get(), &result.impl_->source, signal,
            [](sd_event_source*, const signalfd_siginfo*, void* impl) {
              return static_cast<EventSource::Impl*>(impl)->call();
            },
            result.impl_.get()),
        "watch signal");
  return result;
}

Timer EventLoop::timer(Callback callback) {
  Timer result;
  result.impl_.reset(new EventSource::Impl{ignoring_readiness(std::move(callback)), &thrown_});
  // An accuracy of 1 us, because the default of 250 ms delays timers that somebody waits for.
  check(sd_event_add_time(
            event_.get(), &result.impl_->source, CLOCK_MONOTONIC, 0, 1,
            [](sd_event_source*, std::uint64_t, void* impl) {
              return static_cast<EventSource::Impl*>(impl)->call();
            },
            result.impl_.get()),
        "make timer");
  result.disarm();
  return result;
}

void EventLoop::run() {
  while (!quit_) {
    check(sd_event_run(event_.get(), UINT64_MAX), "run event loop");
    rethrow();
  }
}

void EventLoop::run_pending() {
  int dispatched = 1;
  while (dispatched > 0 && !quit_) {
    dispatched = sd_event_run(event_.get(), 0);
    check(dispatched, "run event loop");
    rethrow();
  }
}

int EventLoop::fd() const {
  return sd_event_get_fd(event_.get());
}

void EventLoop::enable_watchdog() {
  check(sd_event_set_watchdog(event_.get(), 1), "enable watchdog");
}

void EventLoop::rethrow() {
  if (thrown_) {
    std::rethrow_exception(std::exchange(thrown_, nullptr));
  }
}

} // namespace sfa
