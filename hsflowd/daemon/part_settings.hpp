// What each part of the daemon takes from the options and the configuration.
#pragma once

#include "config/config.hpp"
#include "daemon/daemon_options.hpp"
#include "guests/vm_samples.hpp"
#include "host/host_identity.hpp"
#include "interfaces/selection.hpp"

namespace sfa::daemon {

[[nodiscard]] Result<host::HostIdentity> host_identity(const DaemonOptions& options,
                                                       const config::Config& config);
[[nodiscard]] interfaces::InterfaceFilter interface_filter(const config::Config& config);
// `host` is this host's UUID.
[[nodiscard]] guests::VmSettings vm_settings(const DaemonOptions& options, const config::Config& config,
                                             const Uuid& host);

} // namespace sfa::daemon
