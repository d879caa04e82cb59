// A netlink(7) socket: sends requests and receives answers and events. It never waits: the kernel answers a
// request while it is sent, and produces a dump while it is received. All handling of lost, interrupted and
// refused messages is here; the meaning of a message's content is not.
//
//   auto socket = Socket::open(NETLINK_ROUTE);
//   Requests requests;
//   requests.add(RTM_GETLINK, NLM_F_DUMP, rtgenmsg{});
//   auto answer = socket->ask(requests, [&](const nlmsghdr* message) { take(message); });
#pragma once

#include "common/handle.hpp"
#include "common/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <vector>

struct mnl_socket;
extern "C" int mnl_socket_close(mnl_socket* socket);
struct nlmsghdr;

namespace sfa::netlink {

// Valid during the call only.
using OnMessage = std::function<void(const nlmsghdr* message)>;

// Requests that are sent together.
class Requests {
public:
  // `body` is the fixed part of the message: ifinfomsg, if_stats_msg, genlmsghdr and so on. NLM_F_REQUEST is
  // implied.
  template <class Body>
  void add(std::uint16_t type, std::uint16_t flags, const Body& body) {
    append(type, flags, &body, sizeof body);
  }

private:
  friend class Socket;
  void append(std::uint16_t type, std::uint16_t flags, const void* body, std::size_t bytes);

  std::vector<char> bytes_;
  std::size_t count_ = 0;
};

struct Answer {
  // One for each request that the kernel refused (NLMSG_ERROR); Error::number is the reason.
  std::vector<Error> refused{};
  // Something changed during a dump, so that it may lack what existed all the time (NLM_F_DUMP_INTR).
  bool interrupted = false;
};

class Socket {
public:
  // `protocol` as in netlink(7). `groups` are multicast groups (RTNLGRP_LINK); their messages are read with
  // drain().
  [[nodiscard]] static Result<Socket> open(int protocol, std::initializer_list<unsigned> groups = {});
  // For what a daemon cannot start without: throws std::runtime_error.
  [[nodiscard]] static Socket open_or_throw(int protocol, std::initializer_list<unsigned> groups = {});

  // Sends the requests and passes each message of the answers to `each`. Answers to earlier requests that
  // failed halfway are skipped. Use a socket without groups.
  [[nodiscard]] Result<Answer> ask(Requests requests, const OnMessage& each);

  // Passes each waiting message to `each`; call it when fd() is readable. False if messages were lost: there
  // were more than the kernel keeps (ENOBUFS), or one could not be read. Then read everything again.
  [[nodiscard]] bool drain(const OnMessage& each);

  // To wait for messages; owned by the socket.
  [[nodiscard]] int fd() const;

private:
  Socket(mnl_socket* socket, const char* name) : socket_(socket), name_(name) {}

  Handle<mnl_socket, mnl_socket_close> socket_;
  const char* name_; // of the protocol, for messages
  std::uint32_t sequence_ = 0;
};

} // namespace sfa::netlink
