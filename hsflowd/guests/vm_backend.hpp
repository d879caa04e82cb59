// One source of guests: finds out whether its hypervisor is present, lists and reads its guests on its
// worker, and keeps the last results. All functions are for the thread of the event loop, and none of them
// waits.
#pragma once

#include "common/debounce.hpp"
#include "common/event_loop.hpp"
#include "common/file_watch.hpp"
#include "common/log.hpp"
#include "common/worker.hpp"
#include "guests/vm_source.hpp"
#include "polling/sample_source.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace sfa::guests {

struct VmBackendOptions {
  using Make = std::function<std::unique_ptr<VmSource>(const VmSourceOptions& options)>;

  std::string name;                                       // "kvm": the section of the configuration
  std::string module = {};                                // "libvirt"; empty if it is built in
  Make make = {};                                         // if it is built in
  std::function<bool(const host::SysRoot& root)> present; // never waits
  bool only_if_present = false;                           // if the hypervisor is absent, report nothing
  bool hypervisor = true;                                 // false: the host is none unless there are guests
  std::filesystem::path modules = {};                     // directory
  std::vector<std::filesystem::path> watched = {};        // as for FileWatch: list again after a change
  std::chrono::seconds refresh{60}; // how often to list again, in case an event was lost
  VmSourceOptions source = {};      // without `changed`
};

class VmBackend {
public:
  // `listed` is called after the first list, also one that failed, and when the list of guests has changed;
  // `readings` with the results of read().
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

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] bool is_hypervisor() const { return options_.hypervisor; }
  // The guests of the last list.
  [[nodiscard]] const std::set<Uuid>& vms() const { return vms_; }
  // Whether the guests were listed, or could not be: not at first.
  [[nodiscard]] bool settled() const { return settled_; }
  // Orders a reading. Guests that are ordered again before it begins are read once.
  void read(std::span<const Uuid> vms);
  // From the last answer, without the number of guests; nullopt if the hypervisor is absent or does not
  // answer.
  [[nodiscard]] std::optional<sflow::VirtNode> node() const;

  [[nodiscard]] polling::SourceStatus status(MonotonicTime now) const;

private:
  using Source = std::shared_ptr<VmSource>;
  struct Listed {
    Source source; // the existing one, or loaded now
    Result<VmList> vms;
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
  [[nodiscard]] bool is_absent() const;
  void take_absence();
  void drop_source();
  void take_list(Listed listed);
  void set_vms(std::set<Uuid> vms);
  void report_list();
  void start_read();
  void take_read(Read read);

  Worker& worker_;
  VmBackendOptions options_;
  Events events_;
  std::shared_ptr<int> alive_ =
      std::make_shared<int>(); // results that arrive after the destruction are dropped
  Timer next_list_;
  Debounce list_soon_;
  std::optional<FileWatch> watch_;
  LoggedState state_;
  Source source_;
  bool connected_ = false; // the last list() succeeded
  std::string list_problem_;
  std::optional<MonotonicTime> listing_since_;
  bool list_again_ = false;
  std::optional<MonotonicTime> reading_since_;
  std::set<Uuid> due_;
  std::set<Uuid> vms_;
  bool settled_ = false;
  std::optional<sflow::VirtNode> node_;
  std::optional<MonotonicTime> last_run_;
  std::chrono::microseconds cost_{0};
};

} // namespace sfa::guests
