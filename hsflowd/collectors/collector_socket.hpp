// The socket that sends to one collector: opened in the collector's network namespace and bound to its
// device. Both may be removed and made again while the daemon runs.
#pragma once

#include "common/handle.hpp"
#include "common/result.hpp"
#include "common/settings.hpp"
#include "sflow/datagram.hpp"

#include <sys/types.h>

namespace sfa::collectors {

class CollectorSocket {
public:
  // Passes the datagram to the kernel; never waits. Opens the socket if it is not open, or if the name of its
  // namespace now belongs to another one: sending into a removed namespace succeeds and reaches nobody.
  // Between calls only the collector's address and port may change. Throws if the thread cannot return to its
  // own network namespace: nothing that it does there would be right.
  [[nodiscard]] Result<void> send(const Collector& collector, const sflow::Datagram& datagram);

private:
  [[nodiscard]] Result<void> enter_namespace_and_open(const Collector& collector);
  UniqueFd socket_;
  bool v4_ = false;
  ino_t namespace_ = 0; // inode of the network namespace
};

} // namespace sfa::collectors
