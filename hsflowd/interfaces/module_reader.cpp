#include "interfaces/module_reader.hpp"

#include "interfaces/optics.hpp"

#include <algorithm>
#include <linux/ethtool.h>
#include <utility>

namespace sfa::interfaces {

namespace {

constexpr std::chrono::seconds kReadAgain{60};

std::optional<MemoryRange> live_range(std::uint32_t module_type) {
  switch (module_type) {
  case ETH_MODULE_SFF_8472:
    return kSff8472Live;
  case ETH_MODULE_SFF_8636:
  case ETH_MODULE_SFF_8436: // the same layout, except for thresholds
    return kSff8636Live;
  default:
    return std::nullopt;
  }
}

// Opens its socket on the worker, for the first module.
ModuleReader::Read read_with_ethtool() {
  return [ethtool = std::shared_ptr<Ethtool>()](OpticalModule& module, const std::string& interface) mutable {
    if (!ethtool) {
      ethtool = std::make_shared<Ethtool>();
    }
    auto counters = module.read(*ethtool, interface);
    return ModuleReader::Reading{std::move(counters), module.absent()};
  };
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

ModuleReader::ModuleReader(EventLoop& loop, Read read)
    : worker_(loop), read_(std::make_shared<Read>(read ? std::move(read) : read_with_ethtool())) {}

std::optional<sflow::SfpCounters> ModuleReader::latest(std::uint32_t index, const std::string& interface,
                                                       std::chrono::steady_clock::time_point now) {
  Entry& entry = entries_[index];
  if (!entry.absent && (!entry.asked || now - *entry.asked >= kReadAgain)) {
    entry.asked = now;
    worker_.run(
        [weak_read = std::weak_ptr(read_), module = entry.module, interface] {
          const auto read = weak_read.lock();
          return read ? (*read)(*module, interface) : Reading();
        },
        [this, index, module = entry.module](Reading reading) { take(index, module, std::move(reading)); });
  }
  return entry.last;
}

void ModuleReader::forget(std::uint32_t index) {
  entries_.erase(index);
}

void ModuleReader::take(std::uint32_t index, const Module& module, Reading reading) {
  const auto entry = entries_.find(index);
  if (entry != entries_.end() && entry->second.module == module) {
    entry->second.last = std::move(reading.counters);
    entry->second.absent = reading.absent;
  }
}

} // namespace sfa::interfaces
