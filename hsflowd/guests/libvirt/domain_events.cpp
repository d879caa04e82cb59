#include "guests/libvirt/domain_events.hpp"

#include "guests/libvirt/domain_reader.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace sfa::guests {

namespace {

using State = DomainEvents::State;
using SharedState = std::shared_ptr<State>;

void* share(const SharedState& state) {
  return new SharedState(state);
}
void unshare(void* opaque) {
  delete static_cast<SharedState*>(opaque);
}

void domain_changed(State& state, virDomainPtr domain) {
  const std::lock_guard lock(state.mutex);
  state.domains.insert(uuid_of(domain));
}

void on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int, void* opaque) {
  auto& state = **static_cast<SharedState*>(opaque);
  if (event != VIR_DOMAIN_EVENT_STARTED && event != VIR_DOMAIN_EVENT_STOPPED) {
    return;
  }
  domain_changed(state, domain);
  state.changed();
}

void on_device(virConnectPtr, virDomainPtr domain, const char*, void* opaque) {
  domain_changed(**static_cast<SharedState*>(opaque), domain);
}

// The callback for a closed connection may still run after it was unregistered, because unregistering asks
// libvirtd first, which may be absent. So the callback gets a number instead of a pointer. It finds nothing
// by a number that is no longer in use.
struct Watched {
  std::mutex mutex;
  std::map<std::uintptr_t, std::weak_ptr<State>> states; // from here on: protected by the mutex
  std::uintptr_t next = 1;
};
Watched& watched() {
  // Never destroyed: when the process ends, a thread that was left behind may use it.
  static Watched& instance = *new Watched;
  return instance;
}

void on_close(virConnectPtr, int, void* opaque) {
  SharedState state;
  {
    auto& all = watched();
    const std::lock_guard lock(all.mutex);
    const auto found = all.states.find(reinterpret_cast<std::uintptr_t>(opaque));
    state = found == all.states.end() ? nullptr : found->second.lock();
  }
  if (!state) {
    return;
  }
  {
    const std::lock_guard lock(state->mutex);
    state->closed = true;
  }
  state->changed();
}

} // namespace

Uuid uuid_of(virDomainPtr domain) {
  Uuid uuid{};
  static_assert(sizeof uuid == VIR_UUID_BUFLEN);
  virDomainGetUUID(domain, uuid.data());
  return uuid;
}

Result<std::unique_ptr<DomainEvents>> DomainEvents::open(const std::string& uri,
                                                         std::function<void()> changed) {
  Connection connection(virConnectOpenReadOnly(uri.c_str()));
  if (!connection) {
    return libvirt_failure(uri);
  }
  return std::make_unique<DomainEvents>(std::move(connection), std::move(changed));
}

DomainEvents::DomainEvents(Connection connection, std::function<void()> changed)
    : connection_(std::move(connection)), state_(std::make_shared<State>()) {
  state_->changed = std::move(changed);
  const auto add = [&](int event, virConnectDomainEventGenericCallback callback) {
    void* opaque = share(state_);
    const int id =
        virConnectDomainEventRegisterAny(connection_.get(), nullptr, event, callback, opaque, unshare);
    if (id < 0) {
      unshare(opaque); // a driver without these events: list() is also called every now and then
      return;
    }
    registrations_.push_back(id);
  };
  add(VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
  add(VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device));
  add(VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device));
  auto& all = watched();
  {
    const std::lock_guard lock(all.mutex);
    number_ = all.next++;
    all.states[number_] = state_;
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never dereferenced
  virConnectRegisterCloseCallback(connection_.get(), on_close, reinterpret_cast<void*>(number_), nullptr);
}

DomainEvents::~DomainEvents() {
  for (const int id : registrations_) {
    virConnectDomainEventDeregisterAny(connection_.get(), id);
  }
  virConnectUnregisterCloseCallback(connection_.get(), on_close);
  auto& all = watched();
  const std::lock_guard lock(all.mutex);
  all.states.erase(number_);
}

std::set<Uuid> DomainEvents::take_changed() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->domains, {});
}

bool DomainEvents::connection_closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

} // namespace sfa::guests
