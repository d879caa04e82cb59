// hsflowd status: shows the status of the running daemon.
#pragma once

#include "common/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace sfa::commands {

// The JSON document of the daemon that listens at `socket`. Fails if no daemon listens, if access is denied,
// or if the whole answer takes longer than `timeout` (also while other clients are served first).
[[nodiscard]] Result<std::string> fetch_status(const std::filesystem::path& socket,
                                               std::chrono::milliseconds timeout);

} // namespace sfa::commands
