// The network interfaces of this host and their counters, for all who ask: each interface's files in sysfs
// are read once, and again only after it changed.
#pragma once

#include "host/interface.hpp"
#include "host/link_counters.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>

namespace sfa::host {

// Reads counters from proc/net/dev; the kernel writes all interfaces there at each reading.
class LinkStatistics {
public:
  LinkStatistics() = default;
  LinkStatistics(const LinkStatistics&) = delete;
  LinkStatistics& operator=(const LinkStatistics&) = delete;
  LinkStatistics(LinkStatistics&&) = delete;
  LinkStatistics& operator=(LinkStatistics&&) = delete;
  virtual ~LinkStatistics() = default;

  // Of those of `interfaces` that are still there.
  [[nodiscard]] virtual Result<LinkCountersByIndex> read(const SysRoot& root,
                                                         std::span<const Interface* const> interfaces);
};

class HostInterfaces {
public:
  explicit HostInterfaces(std::unique_ptr<LinkStatistics> statistics = std::make_unique<LinkStatistics>());

  // As they are now. Valid until the next call. An Error stays until what is malformed is not any more.
  [[nodiscard]] Result<const Interfaces*> current(const SysRoot& root);

  [[nodiscard]] Result<LinkCountersByIndex> counters(const SysRoot& root,
                                                     std::span<const Interface* const> interfaces) {
    return statistics_->read(root, interfaces);
  }

  // Until the first of these is called, everything is read at each call of current(); from then on only what
  // they tell of.
  void changed(std::uint32_t index, const std::string& name); // new, renamed or different
  void removed(std::uint32_t index);
  void all_changed();

private:
  [[nodiscard]] Result<void> read_all(const SysRoot& root);
  [[nodiscard]] Result<void> read_changed(const SysRoot& root);

  std::unique_ptr<LinkStatistics> statistics_;
  Interfaces interfaces_;
  bool told_of_changes_ = false;
  bool all_changed_ = true;
  std::set<std::string> changed_; // names
};

} // namespace sfa::host
