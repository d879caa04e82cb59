// The virtual machines of libvirt's QEMU driver, over a read-only connection.
#pragma once

#include "guests/vm_source.hpp"

#include <memory>

namespace sfa::guests {

[[nodiscard]] std::unique_ptr<VmSource> make_libvirt_source(const VmSourceOptions& options);

} // namespace sfa::guests
