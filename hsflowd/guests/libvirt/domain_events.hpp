// The events of libvirt's domains, and the connection that delivers them. The callbacks run on libvirt's
// event thread. No call through this connection waits for a domain.
#pragma once

#include "common/handle.hpp"
#include "common/result.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <functional>
#include <libvirt/libvirt.h>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace sfa::guests {

[[nodiscard]] Uuid uuid_of(virDomainPtr domain);

class DomainEvents {
public:
  using Connection = Handle<virConnect, virConnectClose>;

  // Connects and registers. `changed` is called on any thread: when a domain started or stopped, or when the
  // connection broke. To open and to destroy may hang while libvirtd does.
  [[nodiscard]] static Result<std::unique_ptr<DomainEvents>> open(const std::string& uri,
                                                                  std::function<void()> changed);
  DomainEvents(Connection connection, std::function<void()> changed);
  DomainEvents(const DomainEvents&) = delete;
  DomainEvents& operator=(const DomainEvents&) = delete;
  DomainEvents(DomainEvents&&) = delete;
  DomainEvents& operator=(DomainEvents&&) = delete;
  ~DomainEvents();

  // Domains that started or stopped, or whose devices changed. Each change is returned once.
  [[nodiscard]] std::set<Uuid> take_changed();
  [[nodiscard]] bool connection_closed() const;

  // Shared with the callbacks, which may still run for a moment after they were unregistered.
  struct State {
    std::function<void()> changed;
    std::mutex mutex;
    std::set<Uuid> domains; // from here on: protected by the mutex
    bool closed = false;
  };

private:
  Connection connection_;
  std::shared_ptr<State> state_;
  std::uintptr_t number_ = 0; // identifies this object to the callback for a closed connection
  std::vector<int> registrations_;
};

} // namespace sfa::guests
