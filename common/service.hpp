// What a daemon tells systemd about itself (sd_notify(3)). Without systemd all of it does nothing.
#pragma once

#include <string_view>

namespace sfa {

void notify_ready();
void notify_status(std::string_view status);
void notify_stopping();

} // namespace sfa
