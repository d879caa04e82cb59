// Notifications to systemd (sd_notify(3)). They do nothing if systemd did not start the daemon.
#pragma once

#include <string_view>

namespace sfa {

// Also after notify_reloading().
void notify_ready();
void notify_reloading();
// One line; bytes that are not printable become \xHH.
void notify_status(std::string_view status);
void notify_stopping();

} // namespace sfa
