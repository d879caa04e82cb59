#include "guests/proxmox/running_guests.hpp"

#include "guests/cgroups/cgroup_files.hpp"

#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace sfa::guests {

namespace {

std::optional<host::SysRoot::Version> version_of(const host::SysRoot& root, const std::string& path) {
  const auto version = root.version(path);
  return version ? *version : std::nullopt;
}

// Adds the guest if a process lives in its group.
void add(const host::SysRoot& root, const GuestKey& key, std::string cgroup,
         std::optional<host::SysRoot::Version> pid_file, GuestSearch& found) {
  const auto events = host::parse_file(root, cgroup + "/cgroup.events", parse_cgroup_events);
  const auto version = version_of(root, cgroup);
  if (!events || !*events || !version) {
    return;
  }
  if ((*events)->populated) {
    found.running[key] = {.cgroup = std::move(cgroup), .cgroup_inode = version->inode, .pid_file = pid_file};
  } else {
    found.empty_groups.insert(version->inode);
  }
}

} // namespace

GuestSearch find_running_guests(const host::SysRoot& root, const std::string& cgroups) {
  constexpr std::string_view kSuffix = ".pid";
  GuestSearch found;
  for (const auto& name : root.list(kPidFiles)) {
    const auto vmid =
        name.ends_with(kSuffix) ? parse_vmid(name.substr(0, name.size() - kSuffix.size())) : std::nullopt;
    if (!vmid) {
      continue;
    }
    const GuestKey key{.vmid = *vmid, .kind = GuestKind::vm};
    const auto pid_file = version_of(root, fmt::format("{}/{}", kPidFiles, name));
    if (cgroups.empty()) {
      found.running[key] = {.pid_file = pid_file};
    } else {
      add(root, key, fmt::format("{}/qemu.slice/{}.scope", cgroups, *vmid), pid_file, found);
    }
  }
  if (!cgroups.empty()) {
    for (const auto& name : root.list(cgroups + "/lxc")) {
      if (const auto vmid = parse_vmid(name)) {
        add(root, {.vmid = *vmid, .kind = GuestKind::container}, fmt::format("{}/lxc/{}", cgroups, *vmid),
            std::nullopt, found);
      }
    }
  }
  return found;
}

} // namespace sfa::guests
