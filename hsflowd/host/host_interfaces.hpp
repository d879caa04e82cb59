// The network interfaces of this host and their counters, shared by all users. The sysfs files of an
// interface are read once, and again only after it changed.
#pragma once

#include "host/interface.hpp"
#include "host/link_counters.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>

namespace sfa::host {

// Reads counters from proc/net/dev, where the kernel formats all interfaces at each read.
class LinkStatistics {
public:
  LinkStatistics() = default;
  LinkStatistics(const LinkStatistics&) = delete;
  LinkStatistics& operator=(const LinkStatistics&) = delete;
  LinkStatistics(LinkStatistics&&) = delete;
  LinkStatistics& operator=(LinkStatistics&&) = delete;
  virtual ~LinkStatistics() = default;

  // Of those in `interfaces` that still exist.
  [[nodiscard]] virtual Result<LinkCountersByIndex> read(const SysRoot& root,
                                                         std::span<const Interface* const> interfaces);
};

class HostInterfaces {
public:
  explicit HostInterfaces(std::unique_ptr<LinkStatistics> statistics = std::make_unique<LinkStatistics>());

  // The current interfaces; valid until the next call. An Error while a file is malformed.
  [[nodiscard]] Result<const Interfaces*> current(const SysRoot& root);

  [[nodiscard]] Result<LinkCountersByIndex> counters(const SysRoot& root,
                                                     std::span<const Interface* const> interfaces) {
    return statistics_->read(root, interfaces);
  }

  // Until the first call of one of these, current() reads everything each time. From then on it reads only
  // the interfaces that these calls name.
  void changed(std::uint32_t index, const std::string& name); // new, renamed or changed
  void removed(std::uint32_t index);
  void all_changed();

private:
  [[nodiscard]] Result<void> read_all(const SysRoot& root);
  [[nodiscard]] Result<void> read_changed(const SysRoot& root);

  std::unique_ptr<LinkStatistics> statistics_;
  Interfaces interfaces_;
  bool follows_changes_ = false;
  bool all_changed_ = true;
  std::set<std::string> changed_; // names
};

} // namespace sfa::host
