// The addresses of this host's interfaces, and news of their changes, from rtnetlink(7).
#pragma once

#include "common/event_loop.hpp"
#include "common/handle.hpp"
#include "common/result.hpp"
#include "host/interface_address.hpp"

#include <optional>
#include <vector>

struct mnl_socket;
extern "C" int mnl_socket_close(mnl_socket* socket);

namespace sfa::netlink {

// Every address of every interface of this network namespace, in the kernel's order. Nothing: they changed
// each time while they were read (netlink(7), NLM_F_DUMP_INTR), and a HostAddressWatch has news of that.
[[nodiscard]] Result<std::optional<std::vector<host::InterfaceAddress>>> read_host_addresses();

// Calls `changed` from the loop when an address or an interface came, went or changed; what is true now is
// then to be read anew. Throws std::system_error.
class HostAddressWatch {
public:
  HostAddressWatch(EventLoop& loop, Callback changed);

private:
  void drain();
  Handle<mnl_socket, mnl_socket_close> socket_;
  Callback changed_;
  EventSource readable_;
};

} // namespace sfa::netlink
