#include "guests/vm_module.hpp"

#include <dlfcn.h>
#include <string>

namespace sfa::guests {

namespace {

// Our packages do not demand the library of a hypervisor: the hypervisor brings it along, unless it runs in a
// container.
std::string why_not_loaded(const std::filesystem::path& path, std::string_view hypervisor,
                           std::string_view reason) {
  const auto missing = reason.find(": cannot open shared object file: No such file");
  if (missing == std::string_view::npos || reason.starts_with('/')) {
    return fmt::format("cannot load {}", reason);
  }
  return fmt::format("{} needs {}; install its package ({})", path.native(), reason.substr(0, missing),
                     hypervisor == "xen" ? "Debian: libxenmisc of that Xen, RPM: xen-libs"
                                         : "Debian: libvirt0, RPM: libvirt-libs");
}

} // namespace

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
    return failure("{}", why_not_loaded(path, name, dlerror()));
  }
  const auto* module = static_cast<const VmModule*>(dlsym(handle, kVmModuleSymbol));
  if (module == nullptr) {
    return failure("{} is not a module of hsflowd", path.native());
  }
  if (module->interface != kVmInterface || std::string_view(module->version) != kVersion) {
    return failure("{} is from another build of hsflowd: interface {}, version {}; this hsflowd has {}, {}",
                   path.native(), module->interface,
                   module->interface == kVmInterface ? module->version : "?", kVmInterface, kVersion);
  }
  return module->make(options);
}

} // namespace sfa::guests
