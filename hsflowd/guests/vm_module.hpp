// Loads the modules of virtual machines.
#pragma once

#include "common/result.hpp"
#include "guests/vm_source.hpp"

#include <filesystem>
#include <memory>
#include <string_view>

namespace sfa::guests {

// A source made by the module NAME.so in `directory`. The error is one line that says which file, and what is
// wrong with it: not there, not loadable (a library of its hypervisor is missing), not a module, or of
// another build. Whatever is loaded stays until the process ends: one of its threads may still be inside.
[[nodiscard]] Result<std::unique_ptr<VmSource>>
load_vm_source(const std::filesystem::path& directory, std::string_view name, const VmSourceOptions& options);

} // namespace sfa::guests
