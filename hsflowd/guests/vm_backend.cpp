#include "guests/vm_backend.hpp"

#include "guests/vm_module.hpp"

#include <spdlog/spdlog.h>
#include <utility>

namespace sfa::guests {

namespace {

constexpr std::chrono::seconds kRetry{5};        // while a hypervisor does not answer, or a guest starts
constexpr std::chrono::seconds kSilence{10};     // after which it is reported that a list does not come
constexpr std::chrono::milliseconds kSettle{50}; // a guest that starts causes many changes

std::chrono::microseconds since(MonotonicTime begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
}

} // namespace

VmBackend::VmBackend(EventLoop& loop, Worker& worker, VmBackendOptions options, Events events)
    : worker_(worker), options_(std::move(options)), events_(std::move(events)),
      next_list_(loop.timer([this] { list(); })), list_soon_(loop, kSettle, [this] { list(); }),
      state_(options_.name) {
  options_.source.changed = list_soon();
  if (!options_.watched.empty()) {
    watch_.emplace(loop, options_.watched, [this] { list_soon_.trigger(); });
  }
  next_list_.arm_at(std::chrono::steady_clock::now());
}

VmBackend::~VmBackend() {
  drop_source();
}

// On the worker, because to close its connections may hang, too.
void VmBackend::drop_source() {
  if (!source_) {
    return; // and the worker has no thread
  }
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

bool VmBackend::is_absent() const {
  return options_.only_if_present && !options_.present(options_.source.root);
}

// Nobody demanded it, so its guests have just stopped.
void VmBackend::take_absence() {
  last_run_ = std::chrono::steady_clock::now();
  next_list_.arm_at(*last_run_ + options_.refresh);
  node_.reset();
  if (source_) {
    drop_source();
    spdlog::info("{}: no longer on this host; {} guests of it are no longer exported", options_.name,
                 vms_.size());
    state_ = LoggedState(options_.name); // it has not recovered
  }
  set_vms({});
}

void VmBackend::set_vms(std::set<Uuid> vms) {
  const bool first = !std::exchange(settled_, true);
  if (std::exchange(vms_, std::move(vms)) != vms_ || first) {
    events_.listed();
  }
}

void VmBackend::list() {
  if (!connected_ && is_absent()) {
    take_absence();
    return;
  }
  next_list_.arm_at(std::chrono::steady_clock::now() + kSilence);
  if (listing_since_) {
    list_again_ = true;
    if (since(*listing_since_) >= kSilence) {
      state_.failed(Error{"does not answer"});
      set_vms(vms_); // others need not wait for it
    }
    return;
  }
  listing_since_ = std::chrono::steady_clock::now();
  run(
      [source = source_, directory = options_.modules, module = options_.module, make = options_.make,
       options = options_.source]() mutable -> Listed {
        if (!source) {
          auto loaded = make ? Result<std::unique_ptr<VmSource>>(make(options))
                             : load_vm_source(directory, module, options);
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
  listing_since_.reset();
  source_ = std::move(listed.source);
  connected_ = listed.vms.has_value();
  if (!connected_ && is_absent()) {
    take_absence();
    return;
  }
  last_run_ = std::chrono::steady_clock::now();
  // A missing module is hardly installed within seconds.
  const bool soon = connected_ ? listed.vms->list_soon : source_ != nullptr;
  next_list_.arm_at(*last_run_ + (soon ? kRetry : options_.refresh));
  if (!connected_) {
    state_.failed(listed.vms.error());
    set_vms(vms_); // it may come back with the same ones
    return;
  }
  if (listed.node) {
    node_ = *listed.node;
  }
  list_problem_ = listed.node ? std::move(listed.vms->problem) : listed.node.error().message;
  report_list();
  set_vms({listed.vms->vms.begin(), listed.vms->vms.end()});
  if (std::exchange(list_again_, false)) {
    list();
  }
}

void VmBackend::report_list() {
  if (list_problem_.empty()) {
    state_.ok();
  } else {
    state_.failed(Error{list_problem_});
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
    report_list();
    events_.readings(*std::move(read.readings));
  } else {
    state_.failed(read.readings.error());
    next_list_.arm_at(*last_run_); // list() connects again
  }
  start_read();
}

// A guest that cannot be read does not change what is known about the machine.
std::optional<sflow::VirtNode> VmBackend::node() const {
  if (!options_.hypervisor && vms_.empty()) {
    return std::nullopt;
  }
  const bool silent = reading_since_ && since(*reading_since_) > kRetry;
  return connected_ && !silent ? node_ : std::nullopt;
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
