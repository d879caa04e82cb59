#include "netlink/host_addresses.hpp"

#include "netlink/attributes.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

std::vector<std::string> aliases_of(const Link& link, std::string_view label) {
  std::vector<std::string> aliases;
  if (!link.alias.empty()) {
    aliases.push_back(link.alias);
  }
  aliases.insert(aliases.end(), link.alternatives.begin(), link.alternatives.end());
  if (!label.empty() && label != link.name) {
    aliases.emplace_back(label);
  }
  return aliases;
}

// The flags IFA_F_ of linux/if_addr.h. IFA_F_TEMPORARY is IFA_F_SECONDARY for IPv4, where it says nothing
// about time.
host::AddressLifetime lifetime_of(std::uint32_t flags, bool v6) {
  using enum host::AddressLifetime;
  const bool in_use_already = (flags & IFA_F_OPTIMISTIC) != 0; // RFC 4429
  if ((flags & IFA_F_DADFAILED) != 0 || ((flags & IFA_F_TENTATIVE) != 0 && !in_use_already)) {
    return tentative;
  }
  if ((flags & IFA_F_DEPRECATED) != 0) {
    return deprecated;
  }
  if (!v6) {
    return permanent;
  }
  if ((flags & IFA_F_TEMPORARY) != 0) {
    return temporary;
  }
  return (flags & IFA_F_PERMANENT) != 0 ? permanent : dynamic;
}

Result<std::optional<Addresses>> try_to_read(std::optional<Links>& links) {
  auto socket = Socket::open(NETLINK_ROUTE);
  if (!socket) {
    return error_of(socket);
  }
  if (!links) {
    auto read = read_links(*socket);
    if (!read) {
      return error_of(read);
    }
    links = *std::move(read);
  }
  return links ? read_addresses(*socket, *links) : std::optional<Addresses>();
}

} // namespace

std::optional<host::InterfaceAddress> parse_address(const nlmsghdr* message, const Links& links) {
  const auto header = header_of<ifaddrmsg>(message);
  if (message->nlmsg_type != RTM_NEWADDR || !header ||
      (header->ifa_family != AF_INET && header->ifa_family != AF_INET6)) {
    return std::nullopt;
  }
  const auto link = links.find(header->ifa_index);
  if (link == links.end()) {
    return std::nullopt;
  }
  const std::size_t size = header->ifa_family == AF_INET ? 4 : 16;
  const Attributes attributes(message, sizeof(ifaddrmsg));
  const std::uint32_t flags = attributes.u32(IFA_FLAGS).value_or(header->ifa_flags);
  // On a point-to-point link IFA_ADDRESS is the peer and IFA_LOCAL is ours. Otherwise IPv6 has IFA_ADDRESS
  // only.
  const nlattr* own = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  if (own == nullptr || mnl_attr_get_payload_len(own) != size) {
    return std::nullopt;
  }
  return host::InterfaceAddress{.address = size == 4 ? address_of<4>(own) : address_of<16>(own),
                                .device = link->second.name,
                                .if_index = header->ifa_index,
                                .up = link->second.up,
                                .lifetime = lifetime_of(flags, size == 16),
                                .aliases = aliases_of(link->second, attributes.text(IFA_LABEL))};
}

Result<std::optional<Addresses>> read_addresses(Socket& socket, const Links& links) {
  Addresses addresses;
  const auto kinds = kinds_of(links);
  const auto complete = dump(socket, RTM_GETADDR, [&](const nlmsghdr* message) {
    if (auto address = parse_address(message, links)) {
      address->kind = kinds.at(address->if_index);
      addresses.push_back(*std::move(address));
    }
  });
  return complete.map([&](bool all) { return all ? std::optional(std::move(addresses)) : std::nullopt; });
}

Result<std::optional<Addresses>> read_host_addresses(std::optional<Links>& links) {
  constexpr int kAttempts = 10; // of a few milliseconds each on a host with thousands of addresses
  auto addresses = try_to_read(links);
  for (int attempt = 1; attempt < kAttempts && addresses && !*addresses; ++attempt) {
    addresses = try_to_read(links);
  }
  return addresses;
}

} // namespace sfa::netlink
