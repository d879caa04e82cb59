// What a daemon tells systemd about itself (sd_notify(3)). Without systemd all of it does nothing.
#pragma once

#include <string_view>

namespace sfa {

// Also after notify_reloading().
void notify_ready();
void notify_reloading();
// One line; what is not printable is shown as \xHH.
void notify_status(std::string_view status);
void notify_stopping();

} // namespace sfa
