#include "guests/vm_module.hpp"

#include <dlfcn.h>
#include <string>

namespace sfa::guests {

Result<std::unique_ptr<VmSource>> load_vm_source(const std::filesystem::path& directory,
                                                 std::string_view name, const VmSourceOptions& options) {
  const auto path = directory / (std::string(name) + ".so");
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return failure("{} is not installed", path.native());
  }
  // RTLD_NOW: a missing library or symbol is found here and not at the first call.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    return failure("cannot load {}", dlerror());
  }
  const auto* module = static_cast<const VmModule*>(dlsym(handle, kVmModuleSymbol));
  if (module == nullptr) {
    return failure("{} is not a module of hsflowd", path.native());
  }
  if (module->interface != kVmInterface || std::string_view(module->version) != PROJECT_VERSION) {
    return failure("{} is from another build of hsflowd: interface {}, version {}; this hsflowd has {}, {}",
                   path.native(), module->interface,
                   module->interface == kVmInterface ? module->version : "?", kVmInterface, PROJECT_VERSION);
  }
  return module->make(options);
}

} // namespace sfa::guests
