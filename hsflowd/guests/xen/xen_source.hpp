// The virtual machines of Xen. The hypervisor lists them and what they use, xenstore has their names, and
// dom0's kernel and its tapdisks have the counters of their devices.
#pragma once

#include "guests/vm_source.hpp"
#include "guests/xen/domain_identity.hpp"
#include "guests/xen/domain_info.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sfa::guests {

// The calls that the source makes. A test replaces them.
struct XenCalls {
  std::function<Result<std::vector<XenDomain>>()> domains;
  std::function<Result<XenMachine>()> machine;
  std::function<XenStoreCalls()> xenstore; // makes a connection of its own
  std::function<void()> watch = {}; // called by every list(): starts the watch for changes if there is none
  std::string machine_name = {};    // uname(2)
  // How long a poll waits for xenstored.
  std::chrono::milliseconds patience{500};
};

[[nodiscard]] std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options, XenCalls calls);

// With the real hypervisor, which is opened at the first call, and the real xenstored.
[[nodiscard]] std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options);

} // namespace sfa::guests
