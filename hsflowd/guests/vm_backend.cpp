#include "guests/vm_backend.hpp"

#include "guests/vm_module.hpp"

#include <utility>

namespace sfa::guests {

namespace {

constexpr std::chrono::seconds kRetry{5}; // while a hypervisor does not answer

std::chrono::microseconds since(MonotonicTime begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

} // namespace

VmBackend::VmBackend(EventLoop& loop, Worker& worker, VmBackendOptions options, Events events)
    : worker_(worker), options_(std::move(options)), events_(std::move(events)),
      next_list_(loop.timer([this] { list(); })), state_(options_.name) {
  options_.source.changed = list_soon();
  next_list_.arm_at(std::chrono::steady_clock::now());
}

// The source is destroyed on the worker, because to close its connections may hang, too.
VmBackend::~VmBackend() {
  worker_.run(
      [source = std::move(source_)]() mutable {
        source.reset();
        return 0;
      },
      [](int) {});
}

template <class Work, class Done>
void VmBackend::run(Work work, Done done) {
  worker_.run(std::move(work), [this, &worker = worker_, alive = std::weak_ptr(alive_), done](auto result) {
    if (!alive.expired()) {
      (this->*done)(std::move(result));
    } else { // the result may hold the last reference to the source
      worker.run([result = std::move(result)] { return 0; }, [](int) {});
    }
  });
}

// The function may be called on any thread, even after this object was destroyed.
std::function<void()> VmBackend::list_soon() {
  return [this, alive = std::weak_ptr(alive_), post = worker_.poster()] {
    post([this, alive] {
      if (!alive.expired()) {
        list();
      }
    });
  };
}

void VmBackend::list() {
  if (!source_ && options_.only_if_present && !options_.present(options_.source.root)) {
    next_list_.arm_at(std::chrono::steady_clock::now() + options_.refresh);
    return;
  }
  if (std::exchange(listing_, true)) {
    list_again_ = true;
    return;
  }
  run(
      [source = source_, directory = options_.modules, module = options_.module,
       options = options_.source]() mutable -> Listed {
        if (!source) {
          auto loaded = load_vm_source(directory, module, options);
          if (!loaded) {
            return {.source = {}, .vms = error_of(loaded), .node = failure("")};
          }
          source = *std::move(loaded);
        }
        auto vms = source->list();
        auto node = source->node();
        return {.source = std::move(source), .vms = std::move(vms), .node = std::move(node)};
      },
      &VmBackend::take_list);
}

void VmBackend::take_list(Listed listed) {
  listing_ = false;
  source_ = std::move(listed.source);
  // A missing module is hardly installed within seconds.
  const auto again = source_ && !listed.vms ? kRetry : options_.refresh;
  next_list_.arm_at(std::chrono::steady_clock::now() + again);
  connected_ = listed.vms.has_value();
  if (!connected_) {
    state_.failed(listed.vms.error());
    return;
  }
  if (listed.node) {
    state_.ok();
    node_ = *listed.node;
  } else {
    state_.failed(listed.node.error());
  }
  std::set<Uuid> vms(listed.vms->begin(), listed.vms->end());
  if (std::exchange(vms_, std::move(vms)) != vms_) {
    events_.listed();
  }
  if (std::exchange(list_again_, false)) {
    list();
  }
}

void VmBackend::read(std::span<const Uuid> vms) {
  if (vms.empty()) {
    return;
  }
  due_.insert(vms.begin(), vms.end());
  if (!reading_since_) {
    start_read();
  } else if (since(*reading_since_) > kRetry) {
    state_.failed(Error{"does not answer"});
  }
}

void VmBackend::start_read() {
  const std::vector<Uuid> due(due_.begin(), due_.end());
  due_.clear();
  if (!connected_ || due.empty()) { // list() reports the better reason
    return;
  }
  reading_since_ = std::chrono::steady_clock::now();
  run(
      [source = source_, due]() -> Read {
        const auto begin = std::chrono::steady_clock::now();
        auto readings = source->read(due);
        return {.readings = std::move(readings), .node = source->node(), .cost = since(begin)};
      },
      &VmBackend::take_read);
}

void VmBackend::take_read(Read read) {
  reading_since_.reset();
  last_run_ = std::chrono::steady_clock::now();
  cost_ = read.cost;
  if (read.node) {
    node_ = *read.node;
  }
  if (read.readings) {
    state_.ok();
    events_.readings(*std::move(read.readings));
  } else {
    state_.failed(read.readings.error());
    next_list_.arm_at(*last_run_); // list() connects again
  }
  start_read();
}

std::optional<sflow::VirtNode> VmBackend::node() const {
  if (!node_ || !state_.failure_text().empty()) {
    return std::nullopt;
  }
  auto node = *node_;
  node.num_domains = static_cast<std::uint32_t>(vms_.size());
  return node;
}

polling::SourceStatus VmBackend::status(MonotonicTime now) const {
  polling::SourceStatus status{.name = options_.name,
                               .last_run = {},
                               .cost = cost_,
                               .present = source_ != nullptr,
                               .error = state_.failure_text()};
  if (last_run_) {
    status.last_run = std::chrono::duration_cast<std::chrono::milliseconds>(now - *last_run_);
  }
  return status;
}

} // namespace sfa::guests
