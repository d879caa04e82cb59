// The virtual machines of libvirt's QEMU driver, over a read-only connection.
#pragma once

#include "vms/vm_source.hpp"

#include <chrono>
#include <memory>

namespace sfa {

// How long to wait for the monitors of QEMU. One that does not answer by then keeps its VM's disks out of the
// samples until it does; everything else needs no monitor.
inline constexpr std::chrono::milliseconds kMonitorPatience{500};

[[nodiscard]] std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options);

} // namespace sfa
