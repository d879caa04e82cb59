// A network namespace for one test, which changes its loopback interface.
#pragma once

#include "common/handle.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <functional>
#include <net/if.h>
#include <sched.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace sfa::test {

class OwnNetwork {
public:
  OwnNetwork()
      : original_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        entered_(original_ && unshare(CLONE_NEWNET) == 0) {
    if (entered_) {
      socket_ = UniqueFd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      REQUIRE(socket_);
    } else {
      WARN("no network namespace without CAP_SYS_ADMIN: not tested");
    }
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  OwnNetwork(OwnNetwork&&) = delete;
  OwnNetwork& operator=(OwnNetwork&&) = delete;
  ~OwnNetwork() {
    if (entered_ && setns(original_.get(), CLONE_NEWNET) != 0) {
      std::abort(); // the following tests would run in the wrong namespace
    }
  }

  // False if this process may not make one.
  explicit operator bool() const { return entered_; }

  // One link event, of a property that no address shows. Each `bytes` differs from the current MTU.
  void set_mtu(int bytes) const {
    ifreq request = loopback();
    request.ifr_mtu = bytes;
    REQUIRE(ioctl(socket_.get(), SIOCSIFMTU, &request) == 0);
  }

  // Going up adds 127.0.0.1 and ::1; going down removes ::1 only.
  void set_up(bool up) const {
    ifreq request = loopback();
    request.ifr_flags = up ? IFF_UP : 0;
    REQUIRE(ioctl(socket_.get(), SIOCSIFFLAGS, &request) == 0);
  }

private:
  static ifreq loopback() {
    ifreq request{};
    std::string("lo").copy(request.ifr_name, IFNAMSIZ - 1);
    return request;
  }
  UniqueFd original_, socket_;
  bool entered_;
};

} // namespace sfa::test
