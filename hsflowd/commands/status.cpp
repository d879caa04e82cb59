#include "commands/status.hpp"

#include "commands/command.hpp"
#include "daemon/daemon_options.hpp"
#include "status/status.hpp"
#include "status/status_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <sys/socket.h>

namespace sfa::commands {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

Result<std::string> read_all(int socket, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::string text;
  while (text.size() <= kMaxBytes) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{.fd = socket, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) == 0) {
      return failure("no answer within {} s", std::chrono::duration<double>(timeout).count());
    }
    std::array<char, 16384> buffer{};
    const ssize_t got = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) {
      return text;
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      return errno_failure("receive");
    }
    text.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  return failure("the answer has more than {} bytes", kMaxBytes);
}

// Prints the status. Returns 1 if the daemon does not answer.
int show_status(const std::filesystem::path& run_dir, const std::string& format) {
  constexpr std::chrono::seconds kTimeout{5};
  const auto json = fetch_status(run_dir / status::kStatusSocketName, kTimeout);
  const auto status = json.and_then([](const std::string& text) { return status::parse_status(text); });
  if (!status) {
    fmt::print(stderr, "hsflowd status: the daemon does not answer: {}\n", status.error().message);
    return EXIT_FAILURE;
  }
  fmt::print("{}", format == "json" ? *json : status::status_text(*status));
  return EXIT_SUCCESS;
}

} // namespace

Result<std::string> fetch_status(const std::filesystem::path& socket, std::chrono::milliseconds timeout) {
  const auto connected = status::connect_to_status_server(socket, timeout);
  if (!connected) {
    return error_of(connected);
  }
  return read_all(connected->get(), timeout).map_error([&](const Error& error) {
    return error.in(socket.native());
  });
}

Run prepare_status(OptionList& list, const daemon::DaemonOptions& daemon) {
  const auto format = std::make_shared<std::string>("text");
  list.add("--format", *format, "Output format").choices({"text", "json"}).show_default();
  list.accept_daemon_options();
  return [format, &daemon] { return show_status(daemon.run_dir, *format); };
}

} // namespace sfa::commands
