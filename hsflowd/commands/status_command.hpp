// hsflowd status: asks the running daemon how it is.
#pragma once

#include "common/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace sfa::commands {

struct StatusOptions {
  std::string format = "text"; // or "json"
};

void add_status_options(CLI::App& command, StatusOptions& options);

// The document of the daemon that listens at `socket`. The error says that none runs, that it may not be
// asked, or that it takes longer than `timeout` until it is our turn, or until it has answered.
[[nodiscard]] Result<std::string> fetch_status(const std::filesystem::path& socket,
                                               std::chrono::milliseconds timeout);

// Prints the status. Returns the exit status: 1 without an answer.
[[nodiscard]] int show_status(const std::filesystem::path& run_dir, const StatusOptions& options);

} // namespace sfa::commands
