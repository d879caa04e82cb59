#include "dns/link_local_servers.hpp"

#include "common/text.hpp"

// c-ares 1.18 has only the functions that newer versions deprecate.
#define CARES_NO_DEPRECATED
#include <algorithm>
#include <ares.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sfa::dns {

namespace {

constexpr int kFirstWithZones = 0x011400; // c-ares 1.20

// What c-ares calls instead of the functions of the same names, with the LinkLocalServers as `data`.
struct Sockets {
  static ares_socket_t open(int domain, int type, int protocol, void*) {
    return socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  }
  static int close(ares_socket_t fd, void*) { return ::close(fd); }
  static int connect(ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* data) {
    sockaddr_in6 v6{};
    if (to->sa_family != AF_INET6 || size < sizeof v6) {
      return ::connect(fd, to, size);
    }
    std::memcpy(&v6, to, sizeof v6);
    IpAddress::V6 bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    const auto zone = static_cast<const LinkLocalServers*>(data)->zone_of(IpAddress(bytes));
    if (!zone.empty()) {
      v6.sin6_scope_id = parse_number<std::uint32_t>(zone).value_or(if_nametoindex(zone.c_str()));
      if (v6.sin6_scope_id == 0) {
        return -1; // ENODEV: the next server is asked
      }
    }
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  static ares_ssize_t receive(ares_socket_t fd, void* to, std::size_t size, int flags, sockaddr* from,
                              ares_socklen_t* from_size, void*) {
    return recvfrom(fd, to, size, flags, from, from_size);
  }
  static ares_ssize_t send(ares_socket_t fd, const iovec* parts, int count, void*) {
    msghdr message{};
    message.msg_iov =
        const_cast<iovec*>(parts); // NOLINT(cppcoreguidelines-pro-type-const-cast): sendmsg(2) only reads
    message.msg_iovlen = static_cast<std::size_t>(count);
    return sendmsg(fd, &message, MSG_NOSIGNAL);
  }
};
constexpr ares_socket_functions kSockets{&Sockets::open, &Sockets::close, &Sockets::connect,
                                         &Sockets::receive, &Sockets::send};

ares_addr_port_node node_of(const IpAddress& address) {
  ares_addr_port_node node{};
  const auto bytes = address.bytes();
  node.family = address.is_v4() ? AF_INET : AF_INET6;
  std::memcpy(&node.addr, bytes.data(), bytes.size());
  return node; // its ports are 0: those of the channel
}

} // namespace

Result<void> LinkLocalServers::give(ares_channeldata* channel, std::vector<NameServer> servers) {
  servers_.clear();
  const bool zones =
      std::ranges::any_of(servers, [](const NameServer& server) { return !server.zone.empty(); });
  if (ARES_VERSION >= kFirstWithZones || !zones) {
    return {};
  }
  std::vector<std::string> unused;
  std::vector<ares_addr_port_node> nodes;
  for (auto& server : servers) {
    const auto same = std::ranges::find(servers_, server.address, &NameServer::address);
    if (same == servers_.end()) {
      nodes.push_back(node_of(server.address));
      servers_.push_back(std::move(server));
    } else if (same->zone != server.zone) {
      unused.push_back(fmt::format("{0}%{1} is not used beside {0}%{2}", server.address.to_string(),
                                   server.zone, same->zone));
    }
  }
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
    nodes[i].next = &nodes[i + 1];
  }
  ares_set_socket_functions(channel, &kSockets, this);
  if (const int status = ares_set_servers_ports(channel, nodes.data()); status != ARES_SUCCESS) {
    return failure("{}", ares_strerror(status));
  }
  if (!unused.empty()) {
    return failure("{}: c-ares before 1.20 cannot tell them apart", fmt::join(unused, ", "));
  }
  return {};
}

std::string LinkLocalServers::zone_of(const IpAddress& server) const {
  const auto found = std::ranges::find(servers_, server, &NameServer::address);
  return found == servers_.end() ? "" : found->zone;
}

} // namespace sfa::dns
