#include "guests/xen/xenstore.hpp"

#include "common/handle.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <utility>

extern "C" {
#include <xenstore.h>
}

namespace sfa::guests {

namespace {

std::shared_ptr<xs_handle> open_xenstore() {
  return {xs_open(0), [](xs_handle* handle) {
            if (handle != nullptr) {
              xs_close(handle);
            }
          }};
}

// Reads all waiting events. False if the connection broke.
bool take_events(xs_handle* handle) {
  while (const Handle<char*, std::free> event{xs_check_watch(handle)}) {
  }
  return errno == EAGAIN;
}

} // namespace

XenStore::XenStore() = default;

Result<std::optional<std::string>> XenStore::read(const std::string& path) {
  if (const auto opened = open(); !opened) {
    return error_of(opened);
  }
  unsigned size = 0;
  const Handle<char, std::free> value(
      static_cast<char*>(xs_read(handle_.get(), XBT_NULL, path.c_str(), &size)));
  if (value) {
    return std::string(value.get(), size);
  }
  if (const auto result = failed(path); !result) {
    return error_of(result);
  }
  return std::nullopt;
}

Result<std::vector<std::string>> XenStore::list(const std::string& path) {
  if (const auto opened = open(); !opened) {
    return error_of(opened);
  }
  unsigned count = 0;
  const Handle<char*, std::free> names(xs_directory(handle_.get(), XBT_NULL, path.c_str(), &count));
  if (names) {
    return std::vector<std::string>(names.get(), names.get() + count);
  }
  if (const auto result = failed(path); !result) {
    return error_of(result);
  }
  return std::vector<std::string>();
}

Result<void> XenStore::open() {
  if (!handle_) {
    handle_ = open_xenstore();
  }
  return handle_ ? Result<void>() : errno_failure("xenstored");
}

Result<void> XenStore::failed(const std::string& path) {
  if (errno == ENOENT || errno == EACCES) {
    return {};
  }
  auto error = errno_failure("xenstored: " + path);
  handle_.reset();
  return error;
}

// Exists until both the DomainWatch and its thread, which may hang in xenstored, have let go of it.
struct DomainWatch::Shared {
  std::function<void()> changed;
  UniqueFd stop{eventfd(0, EFD_CLOEXEC)};
  std::atomic<bool> ended{false};

  void run() {
    const bool lost = watch();
    ended = true;
    if (lost) {
      changed(); // after `ended` is set, so that the next list() starts another watch
    }
  }

  // Returns whether the connection broke while domains were watched.
  [[nodiscard]] bool watch() const {
    const auto handle = open_xenstore();
    // Paths with "@" are xenstored's own events (docs/misc/xenstore.txt of Xen, "WATCH").
    if (!handle || !xs_watch(handle.get(), "@introduceDomain", "domain") ||
        !xs_watch(handle.get(), "@releaseDomain", "domain")) {
      return false;
    }
    while (true) {
      std::array<pollfd, 2> fds{{{xs_fileno(handle.get()), POLLIN, 0}, {stop.get(), POLLIN, 0}}};
      if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
        return false;
      }
      if (fds[1].revents != 0) {
        return false;
      }
      if (fds[0].revents != 0) {
        if (!take_events(handle.get())) {
          return true;
        }
        changed();
      }
    }
  }
};

DomainWatch::DomainWatch(std::function<void()> changed) : shared_(std::make_shared<Shared>()) {
  shared_->changed = std::move(changed);
  if (!thread_.add([shared = shared_] { shared->run(); })) {
    shared_->ended = true; // the next list() tries again
  }
}

DomainWatch::~DomainWatch() {
  eventfd_write(shared_->stop.get(), 1);
}

bool DomainWatch::ended() const {
  return shared_->ended;
}

} // namespace sfa::guests
