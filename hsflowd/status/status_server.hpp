// The socket at which a daemon tells its status. Whoever connects is sent one document and the end of it;
// nothing is ever read from a client, so there is nothing hostile to parse.
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"
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

// Whether a daemon has its socket there, and be it one that is too busy to answer.
[[nodiscard]] bool status_server_listens(const std::filesystem::path& path);

// Waits `timeout` at most for its turn among others who connect. The error has the path.
[[nodiscard]] Result<UniqueFd> connect_to_status_server(const std::filesystem::path& path,
                                                        std::chrono::milliseconds timeout);

class StatusServer {
public:
  // What a client does not read is kept for no more clients than a few, the newest, and for so long.
  static constexpr std::size_t kMaxClients = 4;
  static constexpr std::chrono::milliseconds kPatience{1000};

  // Listens at `path`, mode 0660, in place of what a daemon that crashed left there; to be asked before
  // whether one still answers. `document` is called for each client.
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
  // Its event source must not be destroyed by its own callback: sweep() removes a client that is done.
  struct Client {
    UniqueFd socket;
    std::string unsent;
    MonotonicTime deadline;
    EventSource writable;
  };

  StatusServer(EventLoop& loop, std::filesystem::path path, std::function<std::string()> document,
               UniqueFd socket, std::chrono::milliseconds patience);
  void accept();
  void sweep();
  // Whether it is done.
  static bool send_some(Client& client);

  EventLoop& loop_;
  std::filesystem::path path_;
  std::function<std::string()> document_;
  UniqueFd socket_;
  std::chrono::milliseconds patience_;
  std::list<Client> clients_; // oldest first
  Timer sweep_;
  EventSource readable_;
};

} // namespace sfa::status
