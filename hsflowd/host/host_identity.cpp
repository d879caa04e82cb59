#include "host/host_identity.hpp"

#include <sys/utsname.h>

namespace sfa::host {

Result<HostIdentity> find_host_identity(const SysRoot& root, std::string_view configured_uuid,
                                        std::string_view machine_id) {
  utsname name{};
  uname(&name);
  return find_host_uuid(root, configured_uuid, machine_id).map([&](const HostUuid& uuid) {
    return HostIdentity{
        .hostname = name.nodename, .machine = name.machine, .os_release = name.release, .uuid = uuid.value};
  });
}

} // namespace sfa::host
