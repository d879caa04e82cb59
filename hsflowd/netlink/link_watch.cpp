#include "netlink/link_watch.hpp"

#include "common/result.hpp"

#include <array>
#include <cerrno>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace sfa::netlink {

namespace {

int find_name(const nlattr* attribute, void* data) {
  if (mnl_attr_get_type(attribute) == IFLA_IFNAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0) {
    *static_cast<std::string*>(data) = mnl_attr_get_str(attribute);
  }
  return MNL_CB_OK;
}

} // namespace

LinkWatch::LinkWatch(EventLoop& loop, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      socket_(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK)) {
  if (!socket_ || mnl_socket_bind(socket_.get(), RTMGRP_LINK, MNL_SOCKET_AUTOPID) != 0) {
    throw std::runtime_error(errno_failure("open rtnetlink socket").value().message);
  }
  readable_ = loop.on_readable(mnl_socket_get_fd(socket_.get()), [this] { drain(); });
}

void LinkWatch::drain() {
  std::array<char, 32768> buffer; // NOLINT: filled by the kernel
  while (true) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == ENOBUFS) {
      callbacks_.lost();
      continue;
    }
    if (got <= 0) {
      return;
    }
    int rest = static_cast<int>(got);
    for (auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(message, rest);
         message = mnl_nlmsg_next(message, &rest)) {
      take(message);
    }
  }
}

void LinkWatch::take(const nlmsghdr* message) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg)) {
    return;
  }
  const auto* body = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  // Of the family of bridges: a port came or left, not the interface.
  if (body->ifi_family != AF_UNSPEC) {
    return;
  }
  const auto index = static_cast<std::uint32_t>(body->ifi_index);
  if (message->nlmsg_type == RTM_DELLINK) {
    callbacks_.removed(index);
  } else if (message->nlmsg_type == RTM_NEWLINK) {
    std::string name;
    mnl_attr_parse(message, sizeof(ifinfomsg), find_name, &name);
    callbacks_.changed(index, name);
  }
}

} // namespace sfa::netlink
