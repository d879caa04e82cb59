// Loads the modules of virtual machines.
#pragma once

#include "common/result.hpp"
#include "guests/vm_source.hpp"

#include <filesystem>
#include <memory>
#include <string_view>

namespace sfa::guests {

// A source made by the module NAME.so in `directory`. The error is one line that names the file and the
// reason: it does not exist, cannot be loaded (a library of its hypervisor is missing), is no module, or
// comes from another build. A module is never unloaded: one of its threads may still run.
[[nodiscard]] Result<std::unique_ptr<VmSource>>
load_vm_source(const std::filesystem::path& directory, std::string_view name, const VmSourceOptions& options);

} // namespace sfa::guests
