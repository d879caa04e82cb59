#include "netlink/socket.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

namespace sfa::netlink_socket_test {

using namespace netlink;

namespace {

ifinfomsg link(int index) {
  ifinfomsg body{};
  body.ifi_index = index;
  return body;
}

Socket open_socket() {
  auto socket = Socket::open(NETLINK_ROUTE);
  REQUIRE(socket);
  return *std::move(socket);
}

} // namespace

TEST_CASE("requests that are sent together are all answered, and refusals do not hide the other answers") {
  Socket socket = open_socket();
  Requests requests;
  requests.add(RTM_GETLINK, 0, link(0x7ffffff0)); // does not exist
  requests.add(RTM_GETLINK, 0, link(1));          // loopback
  requests.add(RTM_GETLINK, 0, link(0x7ffffff1));
  int messages = 0;
  const auto answer = socket.ask(requests, [&](const nlmsghdr* message) {
    ++messages;
    CHECK(message->nlmsg_type == RTM_NEWLINK);
  });
  REQUIRE(answer);
  CHECK(messages == 1);
  REQUIRE(answer->refused.size() == 2);
  CHECK(answer->refused[0] == Error{"rtnetlink answer: No such device", ENODEV});
}

TEST_CASE("a dump ends, and the socket can be asked again") {
  Socket socket = open_socket();
  for (int i = 0; i < 2; ++i) {
    bool loopback = false;
    Requests request;
    request.add(RTM_GETLINK, NLM_F_DUMP, rtgenmsg{});
    const auto answer = socket.ask(request, [&](const nlmsghdr* message) {
      const auto* body = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
      loopback = loopback || body->ifi_index == 1;
    });
    REQUIRE(answer);
    CHECK(answer->refused.empty());
    CHECK(loopback);
  }
}

TEST_CASE("a request that the kernel does not know is refused", "[not-under-qemu-user]") {
  Socket socket = open_socket();
  Requests request;
  request.add(0x3ffe, 0, rtgenmsg{}); // of the kind GET, which needs no privilege
  const auto answer = socket.ask(request, [](const nlmsghdr*) { FAIL("a message"); });
  REQUIRE(answer);
  REQUIRE(answer->refused.size() == 1);
  CHECK(answer->refused[0].number == EOPNOTSUPP);
}

TEST_CASE("a socket without waiting messages has nothing to drain") {
  auto socket = Socket::open(NETLINK_ROUTE, {RTNLGRP_IPV6_MROUTE_R});
  REQUIRE(socket);
  CHECK(socket->drain([](const nlmsghdr*) { FAIL("a message"); }));
}

TEST_CASE("a protocol that does not exist is an error") {
  const auto socket = Socket::open(31);
  REQUIRE(!socket);
  CHECK(socket.error().message.starts_with("open netlink socket: "));
}

} // namespace sfa::netlink_socket_test
