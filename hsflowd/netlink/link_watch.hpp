// News of interfaces that come, change or go, from rtnetlink(7), the moment that they do.
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"

#include <cstdint>
#include <functional>
#include <string>

struct mnl_socket;
extern "C" int mnl_socket_close(mnl_socket* socket);
struct nlmsghdr;

namespace sfa::netlink {

class LinkWatch {
public:
  struct Callbacks {
    std::function<void(std::uint32_t index, const std::string& name)> changed; // or is new, or has a new name
    std::function<void(std::uint32_t index)> removed;
    Callback lost; // there was more news than the kernel keeps
  };

  // Throws std::runtime_error. Callbacks come from the loop.
  LinkWatch(EventLoop& loop, Callbacks callbacks);

private:
  void drain();
  void take(const nlmsghdr* message);

  Callbacks callbacks_;
  Handle<mnl_socket, mnl_socket_close> socket_;
  EventSource readable_;
};

} // namespace sfa::netlink
