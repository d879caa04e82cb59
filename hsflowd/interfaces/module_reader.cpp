#include "interfaces/module_reader.hpp"

#include "interfaces/optics.hpp"

#include <algorithm>
#include <csignal>
#include <linux/ethtool.h>
#include <pthread.h>
#include <utility>

namespace sfa::interfaces {

namespace {

constexpr std::chrono::seconds kReadAgain{60};

std::optional<MemoryRange> live_range(std::uint32_t module_type) {
  switch (module_type) {
  case ETH_MODULE_SFF_8472:
    return kSff8472Live;
  case ETH_MODULE_SFF_8636:
  case ETH_MODULE_SFF_8436: // the same layout except for thresholds
    return kSff8636Live;
  default:
    return std::nullopt;
  }
}

} // namespace

std::optional<sflow::SfpCounters> OpticalModule::read(const Ethtool& ethtool, const std::string& interface) {
  if (memory_.empty()) {
    module_ = ethtool.module(interface).value_or(Ethtool::Module{});
    if (live_range(module_.type)) {
      memory_ = ethtool.module_memory(interface, 0, module_.bytes).value_or(std::vector<std::uint8_t>{});
    }
  } else {
    const auto live = *live_range(module_.type);
    const auto now = ethtool.module_memory(interface, live.offset, live.bytes);
    if (!now || live.offset + live.bytes > memory_.size()) {
      return std::nullopt;
    }
    std::ranges::copy(*now, memory_.begin() + live.offset);
  }
  absent_ = memory_.empty();
  return module_.type == ETH_MODULE_SFF_8472 ? parse_sff8472(memory_) : parse_sff8636(memory_);
}

ModuleReader::~ModuleReader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::optional<sflow::SfpCounters> ModuleReader::latest(std::uint32_t index, const std::string& interface,
                                                       std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[index];
  if (!entry.absent && (!entry.asked || now - *entry.asked >= kReadAgain)) {
    entry.asked = now;
    orders_.push_back({index, interface, entry.module});
    wake_.notify_all();
    if (!thread_.joinable()) {
      thread_ = std::thread([this] { run(); });
    }
  }
  return entry.last;
}

void ModuleReader::forget(std::uint32_t index) {
  const std::lock_guard lock(mutex_);
  entries_.erase(index);
}

void ModuleReader::run() {
  // The event loop's thread handles all signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  if (!read_) {
    read_ = [ethtool = std::make_shared<Ethtool>()](OpticalModule& module, const std::string& interface) {
      auto counters = module.read(*ethtool, interface);
      return Reading{std::move(counters), module.absent()};
    };
  }
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stop_ || !orders_.empty(); });
    if (stop_) {
      return;
    }
    const Order order = std::move(orders_.front());
    orders_.pop_front();
    lock.unlock();
    auto reading = read_(*order.module, order.interface);
    lock.lock();
    const auto entry = entries_.find(order.index);
    if (entry != entries_.end() && entry->second.module == order.module) {
      entry->second.last = std::move(reading.counters);
      entry->second.absent = reading.absent;
    }
  }
}

} // namespace sfa::interfaces
