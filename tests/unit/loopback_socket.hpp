// A UDP socket on 127.0.0.1, at a port that was free.
#pragma once

#include "common/handle.hpp"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>

struct LoopbackSocket {
  LoopbackSocket() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(fd.get(), generic, size) == 0);
    REQUIRE(getsockname(fd.get(), generic, &size) == 0);
    port = ntohs(address.sin_port);
  }

  sfa::UniqueFd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
  std::uint16_t port = 0;
};
