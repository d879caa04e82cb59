#include "common/service.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace sfa {

// The results are ignored on purpose: not being run by systemd is no failure.

void notify_ready() {
  sd_notify(0, "READY=1");
}

void notify_status(std::string_view status) {
  sd_notify(0, fmt::format("STATUS={}", status).c_str());
}

void notify_stopping() {
  sd_notify(0, "STOPPING=1");
}

} // namespace sfa
