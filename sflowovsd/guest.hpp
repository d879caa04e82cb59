// The guest of a switch port: what the writers of Interface:external_ids say about the virtual machine or the
// container behind it. docs/ports-file.md has the table of writers. Pure.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sfa::sflowovsd {

enum class GuestKind {
  vm,
  container,
};

struct Guest {
  GuestKind kind = GuestKind::vm;
  std::string_view writer = {};         // a literal
  std::optional<std::string> uuid = {}; // of the guest; lower case, with dashes
  std::string key = {};                 // what identifies it to its writer; never empty
  std::optional<std::string> name = {}; // for humans
  std::optional<std::string> mac = {};  // of its NIC; lower case

  bool operator==(const Guest&) const = default;
};

// Longer identities are those of no guest. They are not cut: that would be another identity.
inline constexpr std::size_t kLongestName = 255; // bytes

// The keys of external_ids that guest_of() looks at. Others may be left out of its argument.
inline constexpr std::array<const char*, 13> kGuestKeys{
    "attached-mac", "attached_mac",  "container-id", "iface-id", "iface-id-ver", "pod-name",  "pod-namespace",
    "pod_name",     "pod_namespace", "sandbox",      "vm-id",    "vm-uuid",      "xs-vm-uuid"};

using ExternalIds = std::map<std::string_view, std::string_view>;

// nullopt if nothing names a guest. If several writers do, the most specific one counts. Proxmox VE writes no
// external_ids: its guests have the name of the interface, which counts least.
[[nodiscard]] std::optional<Guest> guest_of(const ExternalIds& ids, std::string_view interface_name);

// Six pairs of hexadecimal digits with colons, in lower case; nullopt if the text is anything else.
[[nodiscard]] std::optional<std::string> parse_mac(std::string_view text);

} // namespace sfa::sflowovsd
