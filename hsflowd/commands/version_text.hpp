// The output of `hsflowd --version`.
#pragma once

#include <filesystem>
#include <string>

namespace sfa::commands {

// The version, the features of this build, the installed modules, and the versions of the libraries: the
// loaded version if the library reports it, else the one of the build. Modules are the .so files in
// `module_dir`, which need not exist.
[[nodiscard]] std::string version_text(const std::filesystem::path& module_dir);

} // namespace sfa::commands
