// Reads optical modules on a worker: their memory is behind a slow bus, and the kernel holds a lock
// meanwhile.
#pragma once

#include "common/worker.hpp"
#include "interfaces/ethtool.hpp"
#include "sflow/counters_interface.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfa::interfaces {

// One module. Keeps what describes it, and reads only what changes.
class OpticalModule {
public:
  [[nodiscard]] std::optional<sflow::SfpCounters> read(const Ethtool& ethtool, const std::string& interface);

  // An interface without a readable module is not read again until its link changes.
  [[nodiscard]] bool absent() const { return absent_; }

private:
  Ethtool::Module module_;
  std::vector<std::uint8_t> memory_;
  bool absent_ = false;
};

class ModuleReader {
public:
  struct Reading {
    std::optional<sflow::SfpCounters> counters{};
    bool absent = false; // until the link changes
  };
  // Called on the worker, for one module at a time. Owns or shares everything that it uses.
  using Read = std::function<Reading(OpticalModule& module, const std::string& interface)>;

  // Reads with ethtool unless `read` is given.
  explicit ModuleReader(EventLoop& loop, Read read = {});
  ModuleReader(const ModuleReader&) = delete;
  ModuleReader& operator=(const ModuleReader&) = delete;
  ModuleReader(ModuleReader&&) = delete;
  ModuleReader& operator=(ModuleReader&&) = delete;
  ~ModuleReader() = default; // waits for the current reading, at most WorkerThread::kPatience

  // The last reading of an interface's module. Once it is a minute old, this orders a new one, which the
  // event loop delivers for a later call.
  [[nodiscard]] std::optional<sflow::SfpCounters> latest(std::uint32_t index, const std::string& interface,
                                                         std::chrono::steady_clock::time_point now);

  // The link changed, and perhaps the module with it; or the interface was removed.
  void forget(std::uint32_t index);

private:
  using Module = std::shared_ptr<OpticalModule>; // used on the worker only
  struct Entry {
    Module module = std::make_shared<OpticalModule>();
    std::optional<sflow::SfpCounters> last{};
    std::optional<std::chrono::steady_clock::time_point> asked{};
    bool absent = false;
  };

  void take(std::uint32_t index, const Module& module, Reading reading);

  std::map<std::uint32_t, Entry> entries_;
  Worker worker_;
  std::shared_ptr<Read> read_; // destroyed before the worker: queued readings are then skipped
};

} // namespace sfa::interfaces
