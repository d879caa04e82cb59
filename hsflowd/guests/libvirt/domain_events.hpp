// What libvirt tells about domains without being asked. The callbacks run on libvirt's event thread.
#pragma once

#include "common/handle.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <functional>
#include <libvirt/libvirt.h>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace sfa::guests {

[[nodiscard]] Uuid uuid_of(virDomainPtr domain);

class DomainEvents {
public:
  // Registers with the connection, which must live longer. `changed` is called when a domain came or went, or
  // the connection broke; on any thread.
  DomainEvents(virConnectPtr connection, std::function<void()> changed);
  DomainEvents(const DomainEvents&) = delete;
  DomainEvents& operator=(const DomainEvents&) = delete;
  DomainEvents(DomainEvents&&) = delete;
  DomainEvents& operator=(DomainEvents&&) = delete;
  ~DomainEvents();

  // Domains whose devices are not what they were, each told once.
  [[nodiscard]] std::set<Uuid> take_changed();
  [[nodiscard]] bool connection_closed() const;

  // Shared with callbacks, which may come a moment longer than they are wanted.
  struct State {
    std::function<void()> changed;
    std::mutex mutex;
    std::set<Uuid> domains; // below: under the mutex
    bool closed = false;
  };

private:
  virConnectPtr connection_;
  std::shared_ptr<State> state_;
  std::uintptr_t number_ = 0; // among those that watch a connection
  std::vector<int> registrations_;
};

} // namespace sfa::guests
