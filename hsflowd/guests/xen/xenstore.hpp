// The parts of xenstored that the module needs. All of it may hang while xenstored hangs.
#pragma once

#include "common/result.hpp"
#include "common/worker_thread.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct xs_handle;

namespace sfa::guests {

class XenStore {
public:
  // Connects at the first use, and again after an error. Not thread-safe.
  XenStore();

  // nullopt if the key does not exist.
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& path);
  // Names of the keys directly below; empty if the key does not exist.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path);

private:
  [[nodiscard]] Result<void> open();
  // Why the last call has failed; success if the key does not exist.
  [[nodiscard]] Result<void> failed(const std::string& path);

  std::shared_ptr<xs_handle> handle_;
};

// Calls `changed` when domains start or stop, on a thread of its own.
class DomainWatch {
public:
  explicit DomainWatch(std::function<void()> changed);
  DomainWatch(const DomainWatch&) = delete;
  DomainWatch& operator=(const DomainWatch&) = delete;
  DomainWatch(DomainWatch&&) = delete;
  DomainWatch& operator=(DomainWatch&&) = delete;
  ~DomainWatch();

  // Whether the connection to xenstored broke or could not be made: there will be no more calls.
  [[nodiscard]] bool ended() const;

private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  WorkerThread thread_;
};

} // namespace sfa::guests
