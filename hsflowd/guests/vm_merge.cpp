#include "guests/vm_merge.hpp"

#include <algorithm>
#include <span>

namespace sfa::guests {

namespace {

VmNic* find_same(std::span<VmNic> known, const VmNic& nic) {
  const auto found = std::ranges::find_if(known, [&](const VmNic& one) {
    return (nic.if_index != 0 && one.if_index == nic.if_index) ||
           (!nic.device.empty() && one.device == nic.device);
  });
  return found == known.end() ? nullptr : &*found;
}

// Whether the traffic of `nic` is counted at a known NIC, now or at another poll.
bool is_counted(std::span<const VmNic> known, const VmNic& nic) {
  return std::ranges::any_of(known, [&](const VmNic& one) {
    const bool counts = one.counters || one.if_index != 0;
    return counts && (!nic.mac || !one.mac || one.mac == nic.mac);
  });
}

void complete(VmNic& nic, const VmNic& other) {
  nic.mac = nic.mac ? nic.mac : other.mac;
  nic.if_index = nic.if_index != 0 ? nic.if_index : other.if_index;
  nic.counters = nic.counters ? nic.counters : other.counters;
}

void add_nic(std::vector<VmNic>& nics, std::size_t known, VmNic nic, bool all_known) {
  const std::span<VmNic> before(nics.data(), known);
  if (auto* same = find_same(before, nic)) {
    complete(*same, nic);
    return;
  }
  const auto passed_through = std::ranges::find_if(before, [&](const VmNic& one) {
    return nic.mac && one.mac == nic.mac && !one.counters && one.if_index == 0;
  });
  if (passed_through != before.end()) {
    passed_through->device = nic.device; // where it is counted
    complete(*passed_through, nic);
    return;
  }
  if (!all_known || is_counted(before, nic)) {
    nic.counters.reset();
  }
  nics.push_back(std::move(nic));
}

} // namespace

void fill_in(VmReading& reading, const VmReading& other) {
  if (reading.name.empty()) {
    reading.name = other.name;
  }
  reading.cpu = reading.cpu ? reading.cpu : other.cpu;
  reading.memory = reading.memory ? reading.memory : other.memory;
  if (!reading.disks) {
    reading.disks = other.disks;
  }
  const auto known = reading.nics.size();
  const bool all_known = reading.problem.empty();
  for (const auto& nic : other.nics) {
    add_nic(reading.nics, known, nic, all_known);
  }
}

} // namespace sfa::guests
