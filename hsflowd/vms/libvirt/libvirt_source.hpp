// The virtual machines of libvirt's QEMU driver, over a read-only connection.
#pragma once

#include "common/event_loop.hpp"
#include "vms/vm_source.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace sfa {

// How long others wait for a call about one domain. One that takes longer is about a QEMU that does not
// answer or a domain that libvirtd holds; or the machine is busy.
inline constexpr std::chrono::milliseconds kPatience{250};

// When to say that somebody does not answer: not at once, since on a busy machine one who is well answers
// late.
inline constexpr std::chrono::seconds kSilence{10};

// When to say that the disks of one domain are missing.
class DiskSilence {
public:
  // At each poll: whether the disks are there, or else whether a call for them is stuck. Empty = nothing to
  // complain about.
  [[nodiscard]] std::string problem(bool disks, bool stuck, MonotonicTime now);

private:
  bool had_disks_ = false;
  std::optional<MonotonicTime> since_;
};

[[nodiscard]] std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options);

} // namespace sfa
