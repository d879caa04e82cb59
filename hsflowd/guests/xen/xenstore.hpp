// xenstored as the module needs it. All of it may hang while xenstored does.
#pragma once

#include "common/result.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

struct xs_handle;

namespace sfa::guests {

class XenStore {
public:
  // Connects at the first use, and anew after an error. Not thread-safe.
  XenStore();

  // Nothing: there is no such key.
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& path);

private:
  std::shared_ptr<xs_handle> handle_;
};

// Says when domains come or go, on a thread of its own.
class DomainWatch {
public:
  explicit DomainWatch(std::function<void()> changed);
  DomainWatch(const DomainWatch&) = delete;
  DomainWatch& operator=(const DomainWatch&) = delete;
  DomainWatch(DomainWatch&&) = delete;
  DomainWatch& operator=(DomainWatch&&) = delete;
  ~DomainWatch();

  // The connection to xenstored broke, or there was none: nothing more will be told.
  [[nodiscard]] bool ended() const;

private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

} // namespace sfa::guests
