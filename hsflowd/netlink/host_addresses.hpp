// The addresses of this host's interfaces, from rtnetlink(7).
#pragma once

#include "common/result.hpp"
#include "host/interface_address.hpp"
#include "netlink/links.hpp"

#include <optional>
#include <vector>

namespace sfa::netlink {

using Addresses = std::vector<host::InterfaceAddress>;

// Parses an RTM_NEWADDR message; its `kind` is that of every interface without further knowledge. nullopt for
// every other message, and for an address of a link that is not in `links`.
[[nodiscard]] std::optional<host::InterfaceAddress> parse_address(const nlmsghdr* message,
                                                                  const Links& links);

// Every address of every link in `links`, in the kernel's order. nullopt if they changed meanwhile.
[[nodiscard]] Result<std::optional<Addresses>> read_addresses(Socket& socket, const Links& links);

// Reads the links into `links` if it is empty, and then the addresses. `links` stays filled when only the
// addresses cannot be read. Uses a socket of its own, because on a subscribed one events arrive between the
// messages of an answer. nullopt if the addresses changed during each of several attempts.
[[nodiscard]] Result<std::optional<Addresses>> read_host_addresses(std::optional<Links>& links);

} // namespace sfa::netlink
