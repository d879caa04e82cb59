// Reads optical modules on a thread of its own: their memory is behind a slow bus, and the kernel holds a
// lock meanwhile.
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

// What a module says at a time. Keeps what describes it, and reads only what changes.
class OpticalModule {
public:
  [[nodiscard]] std::optional<sflow::SfpCounters> read(const Ethtool& ethtool, const std::string& interface);

  // An interface without a module that could be read has none until its link changes.
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
    bool absent = false; // for as long as the link does not change
  };
  // Called on the thread, for one module at a time.
  using Read = std::function<Reading(OpticalModule& module, const std::string& interface)>;

  // `read` is by ethtool when there is none.
  explicit ModuleReader(Read read = {}) : read_(std::move(read)) {}
  ModuleReader(const ModuleReader&) = delete;
  ModuleReader& operator=(const ModuleReader&) = delete;
  ModuleReader(ModuleReader&&) = delete;
  ModuleReader& operator=(ModuleReader&&) = delete;
  ~ModuleReader(); // waits for a reading that is under way

  // The last reading of an interface's module, which is a minute old at most and then made again, to be had
  // at a later call. The thread starts with the first call.
  [[nodiscard]] std::optional<sflow::SfpCounters> latest(std::uint32_t index, const std::string& interface,
                                                         std::chrono::steady_clock::time_point now);

  // The link changed, and with it perhaps the module; or the interface is gone.
  void forget(std::uint32_t index);

private:
  struct Entry {
    std::shared_ptr<OpticalModule> module =
        std::make_shared<OpticalModule>(); // only the thread looks into it
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

  Read read_; // used by the thread only, once it runs
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::uint32_t, Entry> entries_;
  std::deque<Order> orders_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace sfa::interfaces
