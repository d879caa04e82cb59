#include "daemon/part_settings.hpp"

#include "common/text.hpp"

namespace sfa::daemon {

Result<host::HostIdentity> host_identity(const DaemonOptions& options, const config::Config& config) {
  return host::find_host_identity(host::SysRoot(), options.uuid.empty() ? config.uuid : options.uuid,
                                  options.machine_id);
}

interfaces::InterfaceFilter interface_filter(const config::Config& config) {
  return {.include = separate(config.interfaces_include), .exclude = separate(config.interfaces_exclude)};
}

guests::VmSettings vm_settings(const DaemonOptions& options, const config::Config& config, const Uuid& host) {
  const bool on = config.vms != config::Vms::off;
  return {.kvm = on && config.kvm,
          .xen = on && config.xen,
          .proxmox = on && config.proxmox,
          .automatic = config.vms == config::Vms::automatic,
          .kvm_uri = config.kvm_uri,
          .xen_disks = config.xen_disks,
          .xen_fresh_identity = config.xen_update_dominfo,
          .modules = config.modules.empty() ? MODULE_DIR : config.modules,
          .host = host,
          .ports_file = options.ports_file,
          .refresh = config.refresh_vms,
          .forget = config.forget_vms};
}

} // namespace sfa::daemon
