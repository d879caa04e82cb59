// The virtual machines of Xen: the hypervisor says which there are and what they use, xenstore what they are
// called, and dom0's kernel what their devices did.
#pragma once

#include "guests/vm_source.hpp"
#include "guests/xen/domain_info.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfa::guests {

// What the source asks others for.
struct XenCalls {
  std::function<Result<std::vector<XenDomain>>()> domains;
  std::function<Result<XenMachine>()> machine;
  // A key of xenstore; nothing when there is none. May hang; is not called again before it returned, but may
  // be called on different threads.
  using ReadKey = std::function<Result<std::optional<std::string>>(const std::string& path)>;
  std::function<ReadKey()> xenstore; // a connection, shared by nobody else
  std::function<void()> watch = {};  // called with every list(): sees to it that changes are told
  std::string machine_name = {};     // uname(2)
  // How long one poll waits for xenstored.
  std::chrono::milliseconds patience{500};
};

[[nodiscard]] std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options, XenCalls calls);

// With the real ones. The hypervisor is opened when it is asked first.
[[nodiscard]] std::unique_ptr<VmSource> make_xen_source(const VmSourceOptions& options);

} // namespace sfa::guests
