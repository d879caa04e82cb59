#include "guests/libvirt/event_thread.hpp"

#include <atomic>
#include <libvirt/libvirt.h>
#include <utility>

namespace sfa::guests {

namespace {

constexpr int kNever = -1; // as a timeout of libvirt's event loop
constexpr int kNow = 0;

} // namespace

// Exists until both the EventThread and its thread have let go of it.
struct EventThread::Shared {
  std::atomic<bool> stop{false};
  // Wakes the loop.
  int timer = virEventAddTimeout(
      kNever, [](int id, void*) { virEventUpdateTimeout(id, kNever); }, nullptr, nullptr);

  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  Shared(Shared&&) = delete;
  Shared& operator=(Shared&&) = delete;
  ~Shared() {
    if (timer >= 0) {
      virEventRemoveTimeout(timer);
    }
  }
};

Result<void> EventThread::start() {
  if (shared_) {
    return {};
  }
  // Once for the process. It is no error if it was done before (documentation of virEventRegisterImpl).
  static const bool registered = virEventRegisterDefaultImpl() == 0;
  auto shared = registered ? std::make_shared<Shared>() : nullptr;
  if (!shared || shared->timer < 0) {
    return failure("cannot start libvirt's event loop");
  }
  const bool started = thread_.add([shared] {
    while (!shared->stop) {
      virEventRunDefaultImpl();
    }
  });
  if (!started) {
    return failure("cannot create a thread for libvirt's events");
  }
  shared_ = std::move(shared);
  return {};
}

EventThread::~EventThread() {
  if (shared_) {
    shared_->stop = true;
    virEventUpdateTimeout(shared_->timer, kNow);
  }
  thread_.stop();
}

} // namespace sfa::guests
