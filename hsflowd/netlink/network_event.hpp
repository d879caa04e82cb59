// What rtnetlink(7) reports about interfaces and addresses, as values.
#pragma once

#include "netlink/links.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace sfa::netlink {

// A new interface, or one with another name or other properties.
struct LinkChanged {
  std::uint32_t index = 0;
  Link link;

  bool operator==(const LinkChanged&) const = default;
};

struct LinkRemoved {
  std::uint32_t index = 0;

  bool operator==(const LinkRemoved&) const = default;
};

// An address was added, removed, or changed in one of its properties.
struct AddressChanged {
  std::uint32_t index = 0; // of its interface

  bool operator==(const AddressChanged&) const = default;
};

// There were more events than the kernel keeps: everything may have changed.
struct EventsLost {
  bool operator==(const EventsLost&) const = default;
};

using NetworkEvent = std::variant<LinkChanged, LinkRemoved, AddressChanged, EventsLost>;

// nullopt for a message that is malformed or of another kind.
[[nodiscard]] std::optional<NetworkEvent> parse_event(const nlmsghdr* message);

} // namespace sfa::netlink
