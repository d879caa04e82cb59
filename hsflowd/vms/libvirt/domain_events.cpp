#include "vms/libvirt/domain_events.hpp"

#include <utility>

namespace sfa {

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

void on_close(virConnectPtr, int, void* opaque) {
  auto& state = **static_cast<SharedState*>(opaque);
  {
    const std::lock_guard lock(state.mutex);
    state.closed = true;
  }
  state.changed();
}

} // namespace

Uuid uuid_of(virDomainPtr domain) {
  Uuid uuid{};
  static_assert(sizeof uuid == VIR_UUID_BUFLEN);
  virDomainGetUUID(domain, uuid.data());
  return uuid;
}

DomainEvents::DomainEvents(virConnectPtr connection, std::function<void()> changed)
    : connection_(connection), state_(std::make_shared<State>()),
      for_close_(std::make_unique<SharedState>(state_)) {
  state_->changed = std::move(changed);
  const auto add = [&](int event, virConnectDomainEventGenericCallback callback) {
    void* opaque = share(state_);
    const int id = virConnectDomainEventRegisterAny(connection, nullptr, event, callback, opaque, unshare);
    if (id < 0) {
      unshare(opaque); // a driver without these events; list() is called every now and then
      return;
    }
    registrations_.push_back(id);
  };
  add(VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
  add(VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device));
  add(VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device));
  // An in-process driver, which has nothing that could close, takes this as done and would never free what it
  // was given.
  virConnectRegisterCloseCallback(connection, on_close, for_close_.get(), nullptr);
}

DomainEvents::~DomainEvents() {
  for (const int id : registrations_) {
    virConnectDomainEventDeregisterAny(connection_, id);
  }
  // Unregistering waits for a call that is under way; but it begins by asking libvirtd, and when that is
  // away, a call may still come.
  if (virConnectUnregisterCloseCallback(connection_, on_close) != 0 && virConnectIsAlive(connection_) != 1) {
    (void)for_close_.release();
  }
}

std::set<Uuid> DomainEvents::take_changed() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->domains, {});
}

bool DomainEvents::connection_closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

} // namespace sfa
