#include "collectors/collector_socket.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace sfa::collectors {

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress result;
  const auto bytes = address.bytes();
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.length = sizeof v6;
  }
  return result;
}

Result<UniqueFd> open_socket(const Collector& collector) {
  const int family = collector.address.is_v4() ? AF_INET : AF_INET6;
  UniqueFd result(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!result) {
    return errno_failure("socket");
  }
  const auto& device = collector.device;
  if (!device.empty() && setsockopt(result.get(), SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                    static_cast<socklen_t>(device.size())) != 0) {
    return errno_failure("device " + device);
  }
  if (collector.source) {
    constexpr std::uint16_t kAnyPort = 0;
    const SocketAddress from = socket_address(*collector.source, kAnyPort);
    if (bind(result.get(), reinterpret_cast<const sockaddr*>(&from.storage), from.length) != 0) {
      return errno_failure("source address " + collector.source->to_string());
    }
  }
  return result;
}

// This thread's network namespace is that of any socket that it opens (SIOCGSKNS, since Linux 4.9).
Result<UniqueFd> own_namespace() {
  const UniqueFd any(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  UniqueFd result(any ? ioctl(any.get(), SIOCGSKNS) : -1);
  if (!result) {
    return errno_failure("own network namespace");
  }
  return result;
}

Result<UniqueFd> open_socket_in(int network_namespace, const Collector& collector) {
  const auto own = own_namespace();
  if (!own) {
    return error_of(own);
  }
  if (setns(network_namespace, CLONE_NEWNET) != 0) {
    return errno_failure("network namespace " + collector.network_namespace);
  }
  auto result = open_socket(collector);
  if (setns(own->get(), CLONE_NEWNET) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot return from network namespace " + collector.network_namespace);
  }
  return result;
}

} // namespace

Result<void> CollectorSocket::enter_namespace_and_open(const Collector& collector) {
  // O_NONBLOCK: opening must not wait, whatever kind of file has that name.
  const std::string path = "/var/run/netns/" + collector.network_namespace;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat now {};
  if (!file || fstat(file.get(), &now) != 0) {
    auto error = errno_failure("network namespace " + collector.network_namespace);
    socket_ = {};
    return error;
  }
  if (socket_ && now.st_ino == namespace_) {
    return {};
  }
  namespace_ = now.st_ino;
  return open_socket_in(file.get(), collector).map([&](UniqueFd opened) { socket_ = std::move(opened); });
}

Result<void> CollectorSocket::send(const Collector& collector, const sflow::Datagram& datagram) {
  if (v4_ != collector.address.is_v4()) {
    v4_ = collector.address.is_v4();
    socket_ = {};
  }
  Result<void> opened;
  if (!collector.network_namespace.empty()) {
    opened = enter_namespace_and_open(collector);
  } else if (!socket_) {
    opened = open_socket(collector).map([&](UniqueFd made) { socket_ = std::move(made); });
  }
  if (!opened) {
    return opened;
  }
  // Not connected: for each datagram the kernel chooses the route, and the source address if none is
  // configured. So this also works on a host that gets its network late or changes its address.
  const SocketAddress to = socket_address(collector.address, collector.port);
  if (sendto(socket_.get(), datagram.data(), datagram.size(), 0,
             reinterpret_cast<const sockaddr*>(&to.storage), to.length) < 0) {
    auto error = errno_failure("send");
    // The socket is bound to an interface index, which is another one after the interface was made again, or
    // to an address that this host may have lost. Bind a new socket for the next datagram.
    socket_ = {};
    return error;
  }
  return {};
}

} // namespace sfa::collectors
