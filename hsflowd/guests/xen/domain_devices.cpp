#include "guests/xen/domain_devices.hpp"

#include "common/text.hpp"
#include "guests/guest_view.hpp"
#include "host/interface.hpp"

#include <fmt/format.h>
#include <optional>
#include <string_view>

namespace sfa::guests {

namespace {

constexpr std::string_view kDevices = "sys/bus/xen-backend/devices";
constexpr std::uint64_t kSectorSize = 512; // of sysfs, not of the device

std::optional<std::uint64_t> number(const host::SysRoot& root, const std::string& path) {
  return parse_number<std::uint64_t>(root.attribute(path));
}

// Bytes of the device that blkback names with hexadecimal numbers, as "fd:1"; 0 if there is none.
std::uint64_t device_size(const host::SysRoot& root, std::string_view major_minor) {
  const auto parts = split(major_minor, ":");
  const auto major = parts.size() == 2 ? parse_number<std::uint32_t>(parts[0], 16) : std::nullopt;
  const auto minor = parts.size() == 2 ? parse_number<std::uint32_t>(parts[1], 16) : std::nullopt;
  if (!major || !minor) {
    return 0;
  }
  return number(root, fmt::format("sys/dev/block/{}:{}/size", *major, *minor)).value_or(0) * kSectorSize;
}

} // namespace

BackEnds find_back_ends(const host::SysRoot& root) {
  BackEnds result;
  for (const auto& name : root.list(kDevices)) {
    const auto parts = split(name, "-");
    const auto domain = parts.size() == 3 ? parse_number<std::uint32_t>(parts[1]) : std::nullopt;
    if (!domain) {
      continue;
    }
    if (parts[0] == "vbd") {
      result.vbds[*domain].emplace_back(parts[2]);
    } else if (parts[0] == "vif") {
      result.vifs[*domain].emplace_back(parts[2]);
    }
  }
  return result;
}

std::vector<VmNic> read_vif(const host::SysRoot& root, std::uint32_t domain, const std::string& vif,
                            const std::map<std::string, host::LinkCounters>& devices) {
  std::vector<std::string> names;
  // The toolstack may have renamed vif1.0.
  for (const auto& name : root.list(fmt::format("{}/vif-{}-{}/net", kDevices, domain, vif))) {
    names.push_back(name);
    names.push_back(name + "-emu"); // libxl's tap
  }
  names.push_back(fmt::format("tap{}.{}", domain, vif)); // XAPI's
  std::vector<VmNic> nics;
  for (const auto& name : names) {
    if (const auto device = devices.find(name); device != devices.end()) {
      const auto index = host::parse_interface_index(root.attribute("sys/class/net/" + name + "/ifindex"));
      nics.push_back({.device = name, .if_index = index.value_or(0), .counters = guest_view(device->second)});
    }
  }
  return nics;
}

VmDisk read_vbd(const host::SysRoot& root, std::uint32_t domain, const std::string& vbd) {
  const auto directory = fmt::format("{}/vbd-{}-{}", kDevices, domain, vbd);
  const auto statistic = [&](std::string_view name) {
    return number(root, fmt::format("{}/statistics/{}", directory, name));
  };
  VmDisk disk{.device = vbd};
  disk.capacity = device_size(root, root.attribute(directory + "/physical_device"));
  disk.allocation = disk.capacity; // only the storage behind the device knows better
  disk.physical = disk.capacity;
  const auto rd_req = statistic("rd_req");
  const auto rd_sectors = statistic("rd_sect");
  const auto wr_req = statistic("wr_req");
  const auto wr_sectors = statistic("wr_sect");
  if (rd_req && rd_sectors && wr_req && wr_sectors) {
    disk.counters = VmDiskCounters{.rd_req = *rd_req,
                                   .rd_bytes = *rd_sectors * kSectorSize,
                                   .wr_req = *wr_req,
                                   .wr_bytes = *wr_sectors * kSectorSize};
  }
  return disk;
}

} // namespace sfa::guests
