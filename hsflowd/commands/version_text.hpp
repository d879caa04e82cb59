// What `hsflowd --version` prints.
#pragma once

#include <filesystem>
#include <string>

namespace sfa::commands {

// The version, what this build and this installation can do, and the libraries: of those that say so
// themselves the version that is loaded, of the others the one that was compiled with. Modules are the .so
// files in `module_dir`; it need not exist.
[[nodiscard]] std::string version_text(const std::filesystem::path& module_dir);

} // namespace sfa::commands
