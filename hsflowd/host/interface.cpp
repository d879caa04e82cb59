#include "host/interface.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <vector>

namespace sfa::host {

namespace {

constexpr std::uint32_t kEthernet = 1; // ARPHRD_ETHER

std::string device_type_in(std::string_view uevent) {
  constexpr std::string_view kKey = "DEVTYPE=";
  for (const auto line : lines(uevent)) {
    if (line.starts_with(kKey)) {
      return std::string(line.substr(kKey.size()));
    }
  }
  return {};
}

// Whether the port represents a function of the NIC that somebody else uses: "pf0vf1", or "c1pf0" with an
// external controller in front. A port of the NIC itself is "p0".
bool is_representor(std::string_view port) {
  if (port.starts_with('c')) {
    port.remove_prefix(std::min(port.find_first_not_of("0123456789", 1), port.size()));
  }
  return port.starts_with("pf");
}

// Sets the properties that the entries of its directory show.
void add_relations(Interface& interface, const SysRoot& root, const std::string& directory) {
  for (const auto& entry : root.list(directory)) {
    interface.device |= entry == "device";
    interface.bridge_port |= entry == "brport";
    interface.bond |= entry == "bonding";
    interface.bond_member |= entry == "bonding_slave";
    interface.tun |= entry == "tun_flags";
    interface.stacked |= entry.starts_with("lower_");
    if (entry == "bridge") {
      interface.device_type = "bridge"; // also on kernels that have no DEVTYPE for it
    }
    if (entry == "master") {
      interface.below_nic = root.exists(directory + "/master/device");
      interface.master = parse_interface_index(root.attribute(directory + "/master/ifindex")).value_or(0);
    }
  }
  interface.guest_port =
      interface.device && (root.attribute(directory + "/device/nodename").starts_with("backend/") ||
                           is_representor(root.attribute(directory + "/phys_port_name")));
}

} // namespace

Result<std::optional<Interface>> read_interface(const SysRoot& root, const std::string& name) {
  const std::string directory = "sys/class/net/" + name;
  const auto flags = parse_file(root, directory + "/flags", parse_interface_flags);
  if (!flags) {
    return error_of(flags);
  }
  const auto mac = parse_file(root, directory + "/address", parse_mac_address);
  if (!mac) {
    return error_of(mac);
  }
  const auto index = parse_file(root, directory + "/ifindex", parse_interface_index);
  if (!index) {
    return error_of(index);
  }
  if (!*flags || !*index) {
    return std::nullopt;
  }
  Interface interface;
  interface.name = name;
  interface.index = **index;
  interface.flags = **flags;
  interface.hardware_type = parse_number<std::uint32_t>(root.attribute(directory + "/type")).value_or(0);
  interface.mac = mac->value_or(std::nullopt);
  interface.device_type = device_type_in(root.attribute(directory + "/uevent"));
  add_relations(interface, root, directory);
  return interface;
}

Result<std::uint32_t> parse_interface_flags(std::string_view text) {
  const auto word = trim(text);
  const auto flags = word.starts_with("0x") ? parse_number<std::uint32_t>(word.substr(2), 16) : std::nullopt;
  if (!flags) {
    return failure("'{}' is not a set of interface flags", printable(word));
  }
  return *flags;
}

Result<std::uint32_t> parse_interface_index(std::string_view text) {
  const auto index = parse_number<std::uint32_t>(trim(text));
  if (!index || *index == 0) {
    return failure("'{}' is not an ifIndex", printable(trim(text)));
  }
  return *index;
}

Result<std::optional<sflow::MacAddress>> parse_mac_address(std::string_view text) {
  const auto bytes = split(trim(text), ":");
  sflow::MacAddress mac{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = bytes[i].size() == 2 ? parse_number<std::uint8_t>(bytes[i], 16) : std::nullopt;
    if (!byte) {
      return failure("'{}' is not a link-layer address", printable(trim(text)));
    }
    mac[std::min(i, mac.size() - 1)] = *byte;
  }
  if (bytes.size() != mac.size() || mac == sflow::MacAddress{}) {
    return std::nullopt;
  }
  return mac;
}

bool is_nic(const Interface& interface) {
  return interface.device && !interface.below_nic && !interface.guest_port;
}

bool is_uplink_without_nic(const Interface& interface) {
  const bool part_of_switch = interface.device_type == "bridge" || interface.bridge_port || interface.tun;
  return interface.hardware_type == kEthernet && !interface.stacked && !part_of_switch && !interface.bond &&
         !interface.bond_member;
}

} // namespace sfa::host
