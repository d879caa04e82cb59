// Runs libvirt's own event loop, which delivers its events. libvirt has one loop for the whole process, so
// there is one such thread.
#pragma once

#include "common/result.hpp"
#include "common/worker_thread.hpp"

#include <memory>

namespace sfa::guests {

class EventThread {
public:
  EventThread() = default;
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;
  EventThread(EventThread&&) = delete;
  EventThread& operator=(EventThread&&) = delete;
  ~EventThread();

  // Starts the thread unless it runs.
  [[nodiscard]] Result<void> start();

private:
  struct Shared;

  std::shared_ptr<Shared> shared_; // null while the thread does not run
  WorkerThread thread_;
};

} // namespace sfa::guests
