#include "sflowovsd/guest.hpp"

#include "common/text.hpp"
#include "common/uuid.hpp"

#include <algorithm>
#include <utility>

namespace sfa::sflowovsd {

namespace {

// nullopt if the key is absent or its value is empty.
std::optional<std::string_view> value_of(const ExternalIds& ids, std::string_view key) {
  const auto found = ids.find(key);
  return found != ids.end() && !found->second.empty() ? std::optional(found->second) : std::nullopt;
}

std::optional<std::string> canonical_uuid(std::string_view text) {
  const auto uuid = parse_uuid(text);
  return uuid ? std::optional(format_uuid(*uuid)) : std::nullopt;
}

// A text that should be a UUID. If it is none, it still identifies the guest.
Guest identified_by(std::string_view text, GuestKind kind, std::string_view writer) {
  Guest guest{.kind = kind, .writer = writer};
  guest.uuid = canonical_uuid(text);
  guest.key = guest.uuid.value_or(std::string(text));
  return guest;
}

Guest pod(std::string_view name_space, std::string_view name, std::string_view writer) {
  Guest guest{.kind = GuestKind::container, .writer = writer};
  guest.key = std::string(name_space) + '/' + std::string(name);
  guest.name = guest.key;
  return guest;
}

// ---- One function for each writer, nullopt if it wrote nothing.

// The toolstack of XCP-ng and XenServer. During a migration, this is already the final UUID.
std::optional<Guest> of_xapi(const ExternalIds& ids) {
  const auto vm = value_of(ids, "xs-vm-uuid");
  return vm ? std::optional(identified_by(*vm, GuestKind::vm, "xapi")) : std::nullopt;
}

std::optional<Guest> of_openstack(const ExternalIds& ids) {
  const auto vm = value_of(ids, "vm-uuid");
  return vm ? std::optional(identified_by(*vm, GuestKind::vm, "openstack")) : std::nullopt;
}

std::optional<Guest> of_antrea(const ExternalIds& ids) {
  const auto name = value_of(ids, "pod-name");
  const auto name_space = value_of(ids, "pod-namespace");
  if (name && name_space) {
    return pod(*name_space, *name, "antrea");
  }
  const auto container = value_of(ids, "container-id");
  return container ? std::optional(Guest{
                         .kind = GuestKind::container, .writer = "antrea", .key = std::string(*container)})
                   : std::nullopt;
}

// iface-id is NAMESPACE_POD, on a secondary network PREFIX_NAMESPACE_POD. Names of Kubernetes have no `_`.
// iface-id-ver is the UID of the pod, a UUID.
std::optional<Guest> of_ovn_kubernetes(const ExternalIds& ids) {
  const auto sandbox = value_of(ids, "sandbox");
  if (!sandbox) {
    return std::nullopt;
  }
  const auto parts = split(value_of(ids, "iface-id").value_or(""), "_");
  Guest guest =
      parts.size() >= 2
          ? pod(parts[parts.size() - 2], parts.back(), "ovn-kubernetes")
          : Guest{.kind = GuestKind::container, .writer = "ovn-kubernetes", .key = std::string(*sandbox)};
  guest.uuid = canonical_uuid(value_of(ids, "iface-id-ver").value_or(""));
  return guest;
}

std::optional<Guest> of_kube_ovn(const ExternalIds& ids) {
  const auto name = value_of(ids, "pod_name");
  const auto name_space = value_of(ids, "pod_namespace");
  return name && name_space ? std::optional(pod(*name_space, *name, "kube-ovn")) : std::nullopt;
}

// vm-id is the convention of Open vSwitch (ovs-vswitchd.conf.db(5)); libvirt always writes it with the other
// two.
std::optional<Guest> of_vm_id(const ExternalIds& ids) {
  const auto vm = value_of(ids, "vm-id");
  if (!vm) {
    return std::nullopt;
  }
  const bool libvirt = value_of(ids, "iface-id") && value_of(ids, "attached-mac");
  return identified_by(*vm, GuestKind::vm, libvirt ? "libvirt" : "ovs");
}

// iface-id is the name of a port of an OVN switch, PREFIX-instance-UUID-DEVICE. It does not say what kind
// of instance that is, but Incus and LXD name the interfaces of virtual machines tap....
std::optional<Guest> of_incus(const ExternalIds& ids, std::string_view interface_name) {
  constexpr std::string_view kBefore = "-instance-";
  constexpr std::size_t kUuidLength = 36;
  const auto port = value_of(ids, "iface-id").value_or("");
  const auto at = port.find(kBefore);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const auto rest = port.substr(at + kBefore.size());
  const auto uuid = canonical_uuid(rest.substr(0, kUuidLength));
  if (!uuid || rest.size() < kUuidLength + 2 || rest[kUuidLength] != '-') {
    return std::nullopt;
  }
  const auto kind = interface_name.starts_with("tap") ? GuestKind::vm : GuestKind::container;
  return identified_by(*uuid, kind, "incus");
}

std::optional<unsigned> plain_number(std::string_view text, unsigned least, unsigned most) {
  const auto number = parse_number<unsigned>(text);
  const bool plain = number && *number >= least && *number <= most && text == std::to_string(*number);
  return plain ? number : std::nullopt;
}

// tapVMIDiN is of a virtual machine, vethVMIDiN of a container. With the firewall of Proxmox VE, fwlnVMIDoN
// is the port of either; it counts as one of a virtual machine.
std::optional<Guest> of_proxmox(std::string_view interface_name) {
  struct Form {
    std::string_view prefix;
    char separator;
    GuestKind kind;
  };
  constexpr std::array<Form, 3> kForms{
      {{"tap", 'i', GuestKind::vm}, {"veth", 'i', GuestKind::container}, {"fwln", 'o', GuestKind::vm}}};
  constexpr unsigned kFirstVmid = 100; // qm(1)
  constexpr unsigned kLastVmid = 999'999'999;
  constexpr unsigned kLastNic = 31;
  for (const auto& form : kForms) {
    if (!interface_name.starts_with(form.prefix)) {
      continue;
    }
    const auto rest = interface_name.substr(form.prefix.size());
    const auto at = rest.find(form.separator);
    if (at == std::string_view::npos || !plain_number(rest.substr(at + 1), 0, kLastNic)) {
      continue;
    }
    if (const auto vmid = plain_number(rest.substr(0, at), kFirstVmid, kLastVmid)) {
      return Guest{.kind = form.kind, .writer = "proxmox", .key = std::to_string(*vmid)};
    }
  }
  return std::nullopt;
}

bool is_too_long(const Guest& guest) {
  return guest.key.size() > kLongestName || guest.name.value_or("").size() > kLongestName;
}

} // namespace

std::optional<Guest> guest_of(const ExternalIds& ids, std::string_view interface_name) {
  std::optional<Guest> guest;
  for (const auto& writer : {of_xapi, of_openstack, of_antrea, of_ovn_kubernetes, of_kube_ovn, of_vm_id}) {
    if (!guest) {
      guest = writer(ids);
    }
  }
  if (!guest) {
    guest = of_incus(ids, interface_name);
  }
  if (!guest) {
    guest = of_proxmox(interface_name);
  }
  if (!guest || is_too_long(*guest)) {
    return std::nullopt;
  }
  for (const auto* key : {"attached-mac", "attached_mac"}) {
    if (!guest->mac) {
      guest->mac = parse_mac(value_of(ids, key).value_or(""));
    }
  }
  return guest;
}

std::optional<std::string> parse_mac(std::string_view text) {
  constexpr std::size_t kLength = 17;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string mac = to_lower(text);
  for (std::size_t i = 0; i < mac.size(); ++i) {
    const bool good = i % 3 == 2 ? mac[i] == ':' : kDigits.find(mac[i]) != std::string_view::npos;
    if (!good) {
      return std::nullopt;
    }
  }
  return mac.size() == kLength ? std::optional(std::move(mac)) : std::nullopt;
}

} // namespace sfa::sflowovsd
