#include "guests/proxmox/guest_devices.hpp"

#include "common/text.hpp"
#include "host/interface.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace sfa::guests {

namespace {

struct Pattern {
  std::string_view prefix;
  char separator;
  std::optional<GuestKind> nic_of;
};
constexpr std::array<Pattern, 4> kPatterns{{{"tap", 'i', GuestKind::vm},
                                            {"veth", 'i', GuestKind::container},
                                            {"fwln", 'o', std::nullopt},
                                            {"fwpr", 'p', std::nullopt}}};

std::uint32_t read_index(const host::SysRoot& root, const std::string& name) {
  const auto index = host::parse_interface_index(root.attribute("sys/class/net/" + name + "/ifindex"));
  return index.value_or(0);
}

} // namespace

std::optional<GuestDeviceName> parse_guest_device(std::string_view name) {
  const auto pattern =
      std::ranges::find_if(kPatterns, [&](const Pattern& one) { return name.starts_with(one.prefix); });
  if (pattern == kPatterns.end()) {
    return std::nullopt;
  }
  const auto rest = name.substr(pattern->prefix.size());
  const auto separator = rest.find(pattern->separator);
  if (separator == std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = rest.substr(separator + 1);
  const auto vmid = parse_vmid(rest.substr(0, separator));
  const auto net =
      number.size() > 1 && number.starts_with('0') ? std::nullopt : parse_number<std::uint32_t>(number);
  if (!vmid || !net || *net >= kMostNics) {
    return std::nullopt;
  }
  return GuestDeviceName{.vmid = *vmid, .net = *net, .nic_of = pattern->nic_of};
}

std::set<std::uint32_t> GuestDevices::update(const host::SysRoot& root) {
  auto last = std::exchange(devices_, {});
  std::set<std::uint32_t> with_new;
  for (auto& name : root.list("sys/class/net")) {
    const auto id = parse_guest_device(name);
    if (!id) {
      continue;
    }
    auto& guest = devices_[id->vmid];
    if (auto known = last[id->vmid].extract(name)) {
      guest.insert(std::move(known));
      continue;
    }
    GuestDevice device{.id = *id, .interface = {}};
    device.interface.name = name;
    device.interface.index = read_index(root, name);
    guest.emplace(std::move(name), std::move(device));
    with_new.insert(id->vmid);
  }
  return with_new;
}

bool GuestDevices::check(const host::SysRoot& root, GuestDevice& device) {
  const auto index = read_index(root, device.interface.name);
  return std::exchange(device.interface.index, index) != index;
}

std::vector<GuestDevice*> GuestDevices::of(const GuestKey& key) {
  std::vector<GuestDevice*> result;
  const auto guest = devices_.find(key.vmid);
  if (guest == devices_.end()) {
    return result;
  }
  for (auto& [name, device] : guest->second) {
    if (!device.id.nic_of || device.id.nic_of == key.kind) {
      result.push_back(&device);
    }
  }
  std::ranges::stable_sort(result, {}, [](const GuestDevice* one) {
    return std::tuple(!one->id.nic_of.has_value(), one->id.net);
  });
  return result;
}

} // namespace sfa::guests
