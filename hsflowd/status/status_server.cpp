#include "status/status_server.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <utility>

namespace sfa::status {

namespace {

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  if (path.native().size() >= sizeof address.sun_path) {
    return failure("{}: too long for a socket, at most {} bytes", path.native(), sizeof address.sun_path - 1);
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

UniqueFd stream_socket(int flags) {
  return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

Result<UniqueFd> listen_at(const std::filesystem::path& path) {
  constexpr mode_t kMode = 0660;
  constexpr int kBacklog = 16;
  const auto address = address_of(path);
  if (!address) {
    return error_of(address);
  }
  struct stat old {};
  if (lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) {
    unlink(path.c_str());
  }
  UniqueFd socket = stream_socket(SOCK_NONBLOCK);
  // bind(2) creates the name with the mode of the socket minus the umask (unix(7)): never with more than
  // kMode.
  if (!socket || fchmod(socket.get(), kMode) != 0 ||
      bind(socket.get(), generic(*address), sizeof *address) != 0 || chmod(path.c_str(), kMode) != 0 ||
      listen(socket.get(), kBacklog) != 0) {
    return errno_failure(path.native());
  }
  return socket;
}

} // namespace

bool status_server_listens(const std::filesystem::path& path) {
  const auto address = address_of(path);
  const UniqueFd socket = stream_socket(SOCK_NONBLOCK);
  // EAGAIN: a daemon listens, but its backlog is full (connect(2)).
  return address && socket &&
         (connect(socket.get(), generic(*address), sizeof *address) == 0 || errno == EAGAIN);
}

Result<UniqueFd> connect_to_status_server(const std::filesystem::path& path,
                                          std::chrono::milliseconds timeout) {
  const auto address = address_of(path);
  if (!address) {
    return error_of(address);
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  const timeval limit{.tv_sec = seconds.count(),
                      .tv_usec = std::chrono::microseconds(timeout - seconds).count()};
  UniqueFd socket = stream_socket(0);
  if (!socket || setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
      connect(socket.get(), generic(*address), sizeof *address) != 0) {
    return errno == EAGAIN ? failure("{}: busy with other clients", path.native())
                           : errno_failure(path.native());
  }
  return socket;
}

Result<std::unique_ptr<StatusServer>> StatusServer::open(EventLoop& loop, std::filesystem::path path,
                                                         std::function<std::string()> document,
                                                         std::chrono::milliseconds patience) {
  auto socket = listen_at(path);
  if (!socket) {
    return error_of(socket);
  }
  return std::unique_ptr<StatusServer>(
      new StatusServer(loop, std::move(path), std::move(document), std::move(*socket), patience));
}

StatusServer::StatusServer(EventLoop& loop, std::filesystem::path path, std::function<std::string()> document,
                           UniqueFd socket, std::chrono::milliseconds patience)
    : loop_(loop), path_(std::move(path)), document_(std::move(document)), socket_(std::move(socket)),
      patience_(patience), sweep_(loop.timer([this] { sweep(); })),
      resume_(loop.timer([this] { listen(); })) {
  listen();
}

StatusServer::~StatusServer() {
  unlink(path_.c_str());
}

void StatusServer::listen() {
  readable_ = loop_.on_readable(socket_.get(), [this] { accept(); });
}

// One client per turn of the loop, so that a flood of clients does not stop other work.
void StatusServer::accept() {
  UniqueFd socket(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      accepting_.failed(Error{errno_failure("accept").value().message + "; trying again every second"});
      readable_ = {};
      resume_.arm_at(std::chrono::steady_clock::now() + kPause);
    }
    return;
  }
  accepting_.ok();
  Client client{.socket = std::move(socket),
                .unsent = document_(),
                .deadline = std::chrono::steady_clock::now() + patience_,
                .writable = {}};
  if (send_some(client)) {
    return;
  }
  if (clients_.size() == kMaxClients) {
    clients_.pop_front(); // the oldest
  }
  Client& kept = clients_.emplace_back(std::move(client));
  kept.writable = loop_.on_writable(kept.socket.get(), [this, &kept] {
    // A finished socket stays writable until sweep(). Arm the timer once: to arm it again would delay it
    // forever.
    if (!kept.unsent.empty() && send_some(kept)) {
      sweep_.arm_at(std::chrono::steady_clock::now());
    }
  });
  if (clients_.size() == 1) {
    sweep_.arm_at(kept.deadline);
  }
}

bool StatusServer::send_some(Client& client) {
  const ssize_t sent = send(client.socket.get(), client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    client.unsent.erase(0, static_cast<std::size_t>(sent));
  } else if (errno != EAGAIN && errno != EINTR) {
    client.unsent.clear(); // it went away
  }
  return client.unsent.empty();
}

void StatusServer::sweep() {
  const auto now = std::chrono::steady_clock::now();
  clients_.remove_if([&](const Client& client) { return client.unsent.empty() || client.deadline <= now; });
  if (!clients_.empty()) {
    sweep_.arm_at(clients_.front().deadline);
  }
}

} // namespace sfa::status
