// The socket on which a daemon serves its status. It sends one document to each client and closes the
// connection. It reads nothing from clients, so it has no hostile input to parse.
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"
#include "common/log.hpp"
#include "common/result.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace sfa::status {

// In the run directory of the daemon.
inline constexpr const char* kStatusSocketName = "hsflowd.sock";

// Whether a daemon listens there, even if it is too busy to answer.
[[nodiscard]] bool status_server_listens(const std::filesystem::path& path);

// Waits at most `timeout` while other clients are served. The error names the path.
[[nodiscard]] Result<UniqueFd> connect_to_status_server(const std::filesystem::path& path,
                                                        std::chrono::milliseconds timeout);

class StatusServer {
public:
  // Limits for clients that do not read: how many documents are kept, and for how long. The newest stay.
  static constexpr std::size_t kMaxClients = 4;
  static constexpr std::chrono::milliseconds kPatience{1000};
  // Without a free descriptor the socket stays readable, so accept(2) would be called all the time.
  static constexpr std::chrono::milliseconds kPause{1000};

  // Listens at `path`, mode 0660, and replaces the socket that a crashed daemon left. Call
  // status_server_listens() before. `document` is called for each client.
  [[nodiscard]] static Result<std::unique_ptr<StatusServer>>
  open(EventLoop& loop, std::filesystem::path path, std::function<std::string()> document,
       std::chrono::milliseconds patience = kPatience);
  // Removes the socket.
  ~StatusServer();
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;
  StatusServer(StatusServer&&) = delete;
  StatusServer& operator=(StatusServer&&) = delete;

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

private:
  // sweep() removes one that is finished: its own callback must not, because it captures the Client.
  struct Client {
    UniqueFd socket;
    std::string unsent;
    MonotonicTime deadline;
    EventSource writable;
  };

  StatusServer(EventLoop& loop, std::filesystem::path path, std::function<std::string()> document,
               UniqueFd socket, std::chrono::milliseconds patience);
  void accept();
  void listen(); // accepts from now on
  void sweep();
  // Returns whether the client is finished.
  static bool send_some(Client& client);

  EventLoop& loop_;
  std::filesystem::path path_;
  std::function<std::string()> document_;
  UniqueFd socket_;
  std::chrono::milliseconds patience_;
  std::list<Client> clients_; // oldest first
  LoggedState accepting_{"status socket"};
  Timer sweep_;
  Timer resume_;
  EventSource readable_; // none during a pause
};

} // namespace sfa::status
