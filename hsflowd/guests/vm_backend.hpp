// One kind of hypervisor: has its module loaded, its VMs listed and read on the worker, and knows what came
// of it last. All its functions are for the thread of the event loop, and none waits.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "guests/vm_source.hpp"
#include "guests/worker.hpp"
#include "polling/sample_source.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::guests {

struct VmBackendOptions {
  std::string name;   // "kvm": the section of the configuration
  std::string module; // "libvirt"
  bool (*present)(const host::SysRoot& root) = nullptr;
  bool only_if_present = false;       // without the hypervisor there is nothing to complain about
  std::filesystem::path modules = {}; // directory
  std::chrono::seconds refresh{60};   // the list, in case an event was lost
  VmSourceOptions source = {};        // but for `changed`
};

class VmBackend {
public:
  // `listed` is called when other VMs are there than before, `readings` with what a read() gave.
  struct Events {
    std::function<void()> listed;
    std::function<void(std::vector<VmReading>)> readings;
  };

  VmBackend(EventLoop& loop, Worker& worker, VmBackendOptions options, Events events);
  VmBackend(const VmBackend&) = delete;
  VmBackend& operator=(const VmBackend&) = delete;
  VmBackend(VmBackend&&) = delete;
  VmBackend& operator=(VmBackend&&) = delete;
  ~VmBackend();

  // Those that ran when the hypervisor answered last.
  [[nodiscard]] const std::set<Uuid>& vms() const { return vms_; }
  // Has them read soon; those that are asked for again before that are read once.
  void read(std::span<const Uuid> vms);
  // As of the last answer. Nothing: there is no hypervisor, or it does not answer.
  [[nodiscard]] std::optional<sflow::VirtNode> node() const;

  [[nodiscard]] polling::SourceStatus status(MonotonicTime now) const;

private:
  using Source = std::shared_ptr<VmSource>;
  struct Listed {
    Source source; // as it was, or loaded now
    Result<std::vector<Uuid>> vms;
    Result<sflow::VirtNode> node;
  };
  struct Read {
    Result<std::vector<VmReading>> readings;
    Result<sflow::VirtNode> node;
    std::chrono::microseconds cost{0};
  };

  template <class Work, class Done>
  void run(Work work, Done done);
  [[nodiscard]] std::function<void()> list_soon();
  void list();
  void take_list(Listed listed);
  void start_read();
  void take_read(Read read);

  Worker& worker_;
  VmBackendOptions options_;
  Events events_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(); // what comes after this object went is dropped
  Timer next_list_;
  LoggedState state_;
  Source source_;
  bool connected_ = false; // the last list() came
  bool listing_ = false;
  bool list_again_ = false;
  std::optional<MonotonicTime> reading_since_;
  std::set<Uuid> due_;
  std::set<Uuid> vms_;
  std::optional<sflow::VirtNode> node_;
  std::optional<MonotonicTime> last_run_;
  std::chrono::microseconds cost_{0};
};

} // namespace sfa::guests
