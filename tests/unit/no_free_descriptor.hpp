// Descriptors that are used up, for one test. Not under AddressSanitizer's build: UndefinedBehaviorSanitizer
// opens a pipe to look at memory, and without descriptors it reports valid objects as invalid. Such test
// cases are inside
// `#ifndef SANITIZER_NEEDS_DESCRIPTORS`.
#pragma once

#include "common/handle.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER_NEEDS_DESCRIPTORS
#endif
#endif

namespace sfa::test {

// As long as it exists, this process gets no further descriptor.
class NoFreeDescriptor {
public:
  NoFreeDescriptor() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    rlimit none = before_;
    {
      const UniqueFd lowest(open("/dev/null", O_RDONLY | O_CLOEXEC)); // no descriptor below is free
      REQUIRE(lowest);
      none.rlim_cur = static_cast<rlim_t>(lowest.get());
    }
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  NoFreeDescriptor(const NoFreeDescriptor&) = delete;
  NoFreeDescriptor& operator=(const NoFreeDescriptor&) = delete;
  NoFreeDescriptor(NoFreeDescriptor&&) = delete;
  NoFreeDescriptor& operator=(NoFreeDescriptor&&) = delete;
  ~NoFreeDescriptor() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

} // namespace sfa::test
