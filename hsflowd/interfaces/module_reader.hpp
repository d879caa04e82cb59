// Reads optical modules on a separate thread: their memory is on a slow bus, and the kernel holds a lock
// during the read.
#pragma once

#include "interfaces/ethtool.hpp"
#include "sflow/counters_interface.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sfa::interfaces {

// One module. Keeps its description, and reads only the part of its memory that changes.
class OpticalModule {
public:
  [[nodiscard]] std::optional<sflow::SfpCounters> read(const Ethtool& ethtool, const std::string& interface);

  // No module could be read. That does not change until the interface's link changes.
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
  // Called on the thread, for one module after the other.
  using Read = std::function<Reading(OpticalModule& module, const std::string& interface)>;

  // An empty `read` means ethtool.
  explicit ModuleReader(Read read = {}) : read_(std::move(read)) {}
  ModuleReader(const ModuleReader&) = delete;
  ModuleReader& operator=(const ModuleReader&) = delete;
  ModuleReader(ModuleReader&&) = delete;
  ModuleReader& operator=(ModuleReader&&) = delete;
  ~ModuleReader(); // waits for the current reading to end

  // The last reading of an interface's module; nullopt if there is none yet. Starts a new reading if the last
  // is a minute old; a later call returns it. The thread starts with the first call.
  [[nodiscard]] std::optional<sflow::SfpCounters> latest(std::uint32_t index, const std::string& interface,
                                                         std::chrono::steady_clock::time_point now);

  // Call it when the link changed, and perhaps the module with it, or when the interface is gone.
  void forget(std::uint32_t index);

private:
  struct Entry {
    std::shared_ptr<OpticalModule> module =
        std::make_shared<OpticalModule>(); // only the thread accesses its content
    std::optional<sflow::SfpCounters> last{};
    std::optional<std::chrono::steady_clock::time_point> asked{};
    bool absent = false;
  };
  struct Order {
    std::uint32_t index = 0;
    std::string interface;
    std::shared_ptr<OpticalModule> module;
  };

  void run();

  Read read_; // only the thread uses it once it runs
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint32_t, Entry> entries_;
  std::deque<Order> orders_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace sfa::interfaces
