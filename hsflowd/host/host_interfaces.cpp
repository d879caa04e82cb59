#include "host/host_interfaces.hpp"

#include <utility>

namespace sfa::host {

Result<LinkCountersByIndex> LinkStatistics::read(const SysRoot& root,
                                                 std::span<const Interface* const> interfaces) {
  const auto all = parse_file(root, "proc/net/dev", parse_net_dev);
  if (!all) {
    return error_of(all);
  }
  LinkCountersByIndex result;
  for (const auto* interface : interfaces) {
    if (!*all) {
      break;
    }
    if (const auto found = (*all)->find(interface->name); found != (*all)->end()) {
      result.emplace(interface->index, found->second);
    }
  }
  return result;
}

HostInterfaces::HostInterfaces(std::unique_ptr<LinkStatistics> statistics)
    : statistics_(std::move(statistics)) {}

Result<const Interfaces*> HostInterfaces::current(const SysRoot& root) {
  const auto read = all_changed_ || !follows_changes_ ? read_all(root) : read_changed(root);
  if (!read) {
    return error_of(read);
  }
  return &interfaces_;
}

Result<void> HostInterfaces::read_all(const SysRoot& root) {
  Interfaces all;
  for (const auto& name : root.list("sys/class/net")) {
    auto interface = read_interface(root, name);
    if (!interface) {
      return error_of(interface);
    }
    if (*interface) {
      const auto index = (*interface)->index;
      all.insert_or_assign(index, **std::move(interface));
    }
  }
  interfaces_ = std::move(all);
  all_changed_ = false;
  changed_.clear();
  return {};
}

Result<void> HostInterfaces::read_changed(const SysRoot& root) {
  while (!changed_.empty()) {
    auto interface = read_interface(root, *changed_.begin());
    if (!interface) {
      return error_of(interface);
    }
    if (*interface) {
      const auto index = (*interface)->index;
      interfaces_.insert_or_assign(index, **std::move(interface));
    }
    changed_.erase(changed_.begin());
  }
  return {};
}

void HostInterfaces::changed(std::uint32_t index, const std::string& name) {
  follows_changes_ = true;
  const auto old = interfaces_.find(index);
  if (old != interfaces_.end() && old->second.name != name) {
    interfaces_.erase(old);
  }
  changed_.insert(name);
}

void HostInterfaces::removed(std::uint32_t index) {
  follows_changes_ = true;
  interfaces_.erase(index);
}

void HostInterfaces::all_changed() {
  follows_changes_ = true;
  all_changed_ = true;
}

} // namespace sfa::host
