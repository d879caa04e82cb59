#include "common/service.hpp"

#include "common/text.hpp"

#include <chrono>
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace sfa {

// The results are ignored because it is no failure to run without systemd.

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_reloading() {
  // systemd 253 and later use MONOTONIC_USEC with Type=notify-reload; earlier versions skip it.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                           std::chrono::duration_cast<std::chrono::microseconds>(now).count())
                   .c_str());
}

void notify_status(std::string_view status) {
  // A newline would start another variable.
  constexpr std::size_t kMaxStatus = 1024;
  sd_notify(0, fmt::format("STATUS={}", printable(status, kMaxStatus)).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

} // namespace sfa
