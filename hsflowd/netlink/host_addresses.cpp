#include "netlink/host_addresses.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <map>
#include <net/if.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace sfa::netlink {

namespace {

using Socket = Handle<mnl_socket, mnl_socket_close>;

struct Link {
  std::string name;
  std::string alias;
  bool up = false;
  bool vlan = false;
};

// Large enough for any message of a dump: the kernel makes them no larger (libmnl, MNL_SOCKET_DUMP_SIZE).
using Buffer = std::array<char, 32768>;

Result<Socket> open_socket(unsigned groups, int flags) {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags));
  if (!socket || mnl_socket_bind(socket.get(), groups, MNL_SOCKET_AUTOPID) != 0) {
    return errno_failure("open rtnetlink socket");
  }
  return socket;
}

// Asks for all of one kind; `each` gets every answer. The request needs the header of the kind's own messages
// only. False: there was a change in between, and what came may lack what was there all the time
// (NLM_F_DUMP_INTR, which libmnl turns into EINTR).
template <class Each>
Result<bool> dump(mnl_socket* socket, std::uint16_t type, Each each) {
  Buffer buffer{};
  nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
  request->nlmsg_type = type;
  request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request->nlmsg_seq = static_cast<std::uint32_t>(time(nullptr));
  mnl_nlmsg_put_extra_header(request, sizeof(rtgenmsg));
  const unsigned sequence = request->nlmsg_seq;
  if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
    return errno_failure("rtnetlink request");
  }
  const auto callback = [](const nlmsghdr* message, void* data) {
    (*static_cast<Each*>(data))(message);
    return MNL_CB_OK;
  };
  int more = MNL_CB_OK;
  while (more > MNL_CB_STOP) {
    const ssize_t got = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    more = got < 0 ? MNL_CB_ERROR
                   : mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), sequence,
                                mnl_socket_get_portid(socket), callback, &each);
  }
  if (more < 0 && errno != EINTR) {
    return errno_failure("rtnetlink answer");
  }
  return more >= 0;
}

// The attributes of a message by type; null for one that is absent. Later ones of the same type win.
using Attributes = std::array<const nlattr*, 64>;

int store_attribute(const nlattr* attribute, void* data) {
  auto& attributes = *static_cast<Attributes*>(data);
  if (const std::size_t type = mnl_attr_get_type(attribute); type < attributes.size()) {
    attributes[type] = attribute;
  }
  return MNL_CB_OK;
}

template <class Header>
Attributes attributes_behind(const nlmsghdr* message) {
  Attributes attributes{};
  mnl_attr_parse(message, sizeof(Header), store_attribute, &attributes);
  return attributes;
}

std::string_view text(const nlattr* attribute) {
  if (attribute == nullptr || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0) {
    return {};
  }
  return mnl_attr_get_str(attribute);
}

std::pair<std::uint32_t, Link> parse_link(const nlmsghdr* message) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const Attributes attributes = attributes_behind<ifinfomsg>(message);
  Attributes info{};
  if (attributes[IFLA_LINKINFO] != nullptr) {
    mnl_attr_parse_nested(attributes[IFLA_LINKINFO], store_attribute, &info);
  }
  return {static_cast<std::uint32_t>(header->ifi_index),
          {.name = std::string(text(attributes[IFLA_IFNAME])),
           .alias = std::string(text(attributes[IFLA_IFALIAS])),
           .up = (header->ifi_flags & IFF_UP) != 0,
           .vlan = text(info[IFLA_INFO_KIND]) == "vlan"}};
}

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

std::optional<host::InterfaceAddress> parse_address(const nlmsghdr* message,
                                                    const std::map<std::uint32_t, Link>& links) {
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  const auto link = links.find(header->ifa_index);
  if (link == links.end()) {
    return std::nullopt;
  }
  const std::size_t size = header->ifa_family == AF_INET ? 4 : 16;
  const Attributes attributes = attributes_behind<ifaddrmsg>(message);
  const nlattr* flags_attribute = attributes[IFA_FLAGS];
  const bool wide_flags = flags_attribute != nullptr && mnl_attr_validate(flags_attribute, MNL_TYPE_U32) >= 0;
  const std::uint32_t flags = wide_flags ? mnl_attr_get_u32(flags_attribute) : header->ifa_flags;
  // On a point-to-point link IFA_ADDRESS is the peer and IFA_LOCAL is ours; IPv6 otherwise has IFA_ADDRESS
  // only.
  const nlattr* own = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  // An address that is still being checked for duplicates cannot be used yet (RFC 4862, section 5.4).
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
                                .aliases = aliases_of(link->second, text(attributes[IFA_LABEL]))};
}

// Nothing when there was a change in between.
Result<std::optional<std::vector<host::InterfaceAddress>>> try_to_read() {
  const auto socket = open_socket(0, 0);
  if (!socket) {
    return error_of(socket);
  }
  std::map<std::uint32_t, Link> links;
  const auto got_links =
      dump(socket->get(), RTM_GETLINK, [&](const nlmsghdr* message) { links.insert(parse_link(message)); });
  if (!got_links || !*got_links) {
    return got_links.map([](bool) { return std::optional<std::vector<host::InterfaceAddress>>(); });
  }
  std::vector<host::InterfaceAddress> addresses;
  return dump(socket->get(), RTM_GETADDR,
              [&](const nlmsghdr* message) {
                if (auto address = parse_address(message, links)) {
                  addresses.push_back(*std::move(address));
                }
              })
      .map([&](bool whole) { return whole ? std::optional(std::move(addresses)) : std::nullopt; });
}

} // namespace

Result<std::optional<std::vector<host::InterfaceAddress>>> read_host_addresses() {
  constexpr int kAttempts = 10; // of a few milliseconds where there are thousands of addresses
  auto addresses = try_to_read();
  for (int attempt = 1; attempt < kAttempts && addresses && !*addresses; ++attempt) {
    addresses = try_to_read();
  }
  return addresses;
}

HostAddressWatch::HostAddressWatch(EventLoop& loop, Callback changed) : changed_(std::move(changed)) {
  auto socket = open_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, SOCK_NONBLOCK);
  if (!socket) {
    throw std::runtime_error(socket.error().message);
  }
  socket_ = std::move(*socket);
  readable_ = loop.on_readable(mnl_socket_get_fd(socket_.get()), [this] { drain(); });
}

void HostAddressWatch::drain() {
  // What the messages say does not matter, and neither does an overrun (ENOBUFS): everything is read anew.
  Buffer buffer{};
  ssize_t got = 0;
  do {
    got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
  } while (got > 0 || (got < 0 && errno == ENOBUFS));
  changed_();
}

} // namespace sfa::netlink
