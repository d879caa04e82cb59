// The socket that sends to one collector: made in the collector's network namespace and bound to its device.
// Both may come, go and come back while the daemon runs.
#pragma once

#include "common/handle.hpp"
#include "common/result.hpp"
#include "common/settings.hpp"
#include "sflow/datagram.hpp"

#include <sys/types.h>

namespace sfa::collectors {

class CollectorSocket {
public:
  // Hands the datagram to the kernel; never waits. Opens the socket first when there is none, or when it is
  // of a namespace that its name does not stand for any more: sending into one that is gone succeeds and
  // reaches nobody. Always of the same collector, but for its address and port. Throws when the thread cannot
  // get back into its own network namespace: nothing it would do from then on would be right.
  [[nodiscard]] Result<void> send(const Collector& collector, const sflow::Datagram& datagram);

private:
  [[nodiscard]] Result<void> enter_namespace_and_open(const Collector& collector);
  UniqueFd socket_;
  bool v4_ = false;
  ino_t namespace_ = 0; // inode of the network namespace, while it has a name
};

} // namespace sfa::collectors
