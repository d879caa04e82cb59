#include "netlink/host_addresses.hpp"

#include "netlink/attributes.hpp"

#include <array>
#include <cstring>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

template <std::size_t N>
IpAddress to_address(const nlattr* attribute) {
  std::array<std::uint8_t, N> bytes{};
  std::memcpy(bytes.data(), mnl_attr_get_payload(attribute), N);
  return IpAddress(bytes);
}

std::vector<std::string> aliases_of(const Link& link, std::string_view label) {
  std::vector<std::string> aliases;
  if (!link.alias.empty()) {
    aliases.push_back(link.alias);
  }
  if (!label.empty() && label != link.name) {
    aliases.emplace_back(label);
  }
  return aliases;
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
  // An address that is still checked for duplicates cannot be used yet (RFC 4862, section 5.4).
  if (own == nullptr || mnl_attr_get_payload_len(own) != size ||
      (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0) {
    return std::nullopt;
  }
  return host::InterfaceAddress{.address = size == 4 ? to_address<4>(own) : to_address<16>(own),
                                .device = link->second.name,
                                .if_index = header->ifa_index,
                                .up = link->second.up,
                                .vlan = link->second.vlan,
                                .slaac = size == 16 && (flags & IFA_F_PERMANENT) == 0,
                                .aliases = aliases_of(link->second, attributes.text(IFA_LABEL))};
}

Result<std::optional<Addresses>> read_addresses(Socket& socket, const Links& links) {
  Addresses addresses;
  const auto complete = dump(socket, RTM_GETADDR, [&](const nlmsghdr* message) {
    if (auto address = parse_address(message, links)) {
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
