#include "guests/libvirt/event_thread.hpp"

#include <libvirt/libvirt.h>

namespace sfa::guests {

EventThread::EventThread() {
  // Once for the process; that it was done before is no error (virEventRegisterImpl's documentation).
  static const bool registered = virEventRegisterDefaultImpl() == 0;
  constexpr int kNever = -1;
  if (registered) {
    timer_ = virEventAddTimeout(
        kNever, [](int timer, void*) { virEventUpdateTimeout(timer, kNever); }, nullptr, nullptr);
  }
  if (timer_ < 0) {
    failure_ = "libvirt has no event loop";
    return;
  }
  thread_ = std::thread([this] {
    while (!stop_) {
      virEventRunDefaultImpl();
    }
  });
}

EventThread::~EventThread() {
  if (thread_.joinable()) {
    stop_ = true;
    virEventUpdateTimeout(timer_, 0);
    thread_.join();
    virEventRemoveTimeout(timer_);
  }
}

} // namespace sfa::guests
