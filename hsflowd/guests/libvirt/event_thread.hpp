// Runs libvirt's own event loop, which its events come through. libvirt has one for the whole process, so
// there is one such thread.
#pragma once

#include "common/result.hpp"

#include <atomic>
#include <thread>

namespace sfa::guests {

class EventThread {
public:
  EventThread();
  EventThread(const EventThread&) = delete;
  EventThread& operator=(const EventThread&) = delete;
  EventThread(EventThread&&) = delete;
  EventThread& operator=(EventThread&&) = delete;
  ~EventThread();

  // Why there is none; empty when it runs.
  [[nodiscard]] const std::string& failure_text() const { return failure_; }

private:
  std::string failure_;
  std::atomic<bool> stop_{false};
  int timer_ = -1; // to wake the loop with
  std::thread thread_;
};

} // namespace sfa::guests
