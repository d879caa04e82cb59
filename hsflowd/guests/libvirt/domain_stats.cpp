#include "guests/libvirt/domain_stats.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

namespace sfa::guests {

namespace {

// No machine has more devices. Higher numbers are ignored.
constexpr std::size_t kMaxDevices = 1024;

// nullopt for a text, and for a negative number, which means unknown.
std::optional<std::uint64_t> number(const virTypedParameter& param) {
  const auto if_not_negative = [](long long value) {
    return value < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(value));
  };
  switch (param.type) {
  case VIR_TYPED_PARAM_INT:
    return if_not_negative(param.value.i);
  case VIR_TYPED_PARAM_UINT:
    return param.value.ui;
  case VIR_TYPED_PARAM_LLONG:
    return if_not_negative(param.value.l);
  case VIR_TYPED_PARAM_ULLONG:
    return param.value.ul;
  default:
    return std::nullopt;
  }
}

std::string text(const virTypedParameter& param) {
  return param.type == VIR_TYPED_PARAM_STRING && param.value.s != nullptr ? param.value.s : "";
}

struct DeviceField {
  std::size_t index = 0;
  std::string_view name;
};

// "net.2.rx.bytes" with the prefix "net." is rx.bytes of device 2.
std::optional<DeviceField> device_field(const virTypedParameter& param, std::string_view prefix) {
  std::string_view field(param.field, strnlen(param.field, sizeof param.field));
  if (!field.starts_with(prefix)) {
    return std::nullopt;
  }
  field.remove_prefix(prefix.size());
  const auto dot = field.find('.');
  const auto index = parse_number<std::size_t>(field.substr(0, dot));
  if (dot == std::string_view::npos || !index || *index >= kMaxDevices) {
    return std::nullopt;
  }
  return DeviceField{*index, field.substr(dot + 1)};
}

template <class Fields>
auto find_field(const Fields& fields, std::string_view name) {
  const auto row = std::ranges::find(fields, name, [](const auto& pair) { return pair.first; });
  return row == fields.end() ? nullptr : row->second;
}

template <class T>
T& at(std::vector<T>& list, std::size_t index) {
  list.resize(std::max(list.size(), index + 1));
  return list[index];
}

void set_disk_field(VmDisk& disk, std::string_view name, const virTypedParameter& param) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t VmDisk::*>, 3> kSizes{
      {{"capacity", &VmDisk::capacity},
       {"allocation", &VmDisk::allocation},
       {"physical", &VmDisk::physical}}};
  constexpr std::array<std::pair<std::string_view, std::uint64_t VmDiskCounters::*>, 5> kCounters{
      {{"rd.reqs", &VmDiskCounters::rd_req},
       {"rd.bytes", &VmDiskCounters::rd_bytes},
       {"wr.reqs", &VmDiskCounters::wr_req},
       {"wr.bytes", &VmDiskCounters::wr_bytes},
       {"errors", &VmDiskCounters::errs}}};
  const auto value = number(param);
  if (name == "name") {
    disk.device = text(param);
  } else if (const auto size = find_field(kSizes, name); size != nullptr && value) {
    disk.*size = *value;
  } else if (const auto counter = find_field(kCounters, name); counter != nullptr && value) {
    disk.counters = disk.counters.value_or(VmDiskCounters{});
    (*disk.counters).*counter = *value;
    disk.counts_errors = disk.counts_errors || name == "errors";
  }
}

} // namespace

std::vector<NicStats> nic_stats(std::span<const virTypedParameter> params) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t VmNicCounters::*>, 8> kCounters{
      {{"rx.bytes", &VmNicCounters::rx_bytes},
       {"rx.pkts", &VmNicCounters::rx_packets},
       {"rx.errs", &VmNicCounters::rx_errs},
       {"rx.drop", &VmNicCounters::rx_drop},
       {"tx.bytes", &VmNicCounters::tx_bytes},
       {"tx.pkts", &VmNicCounters::tx_packets},
       {"tx.errs", &VmNicCounters::tx_errs},
       {"tx.drop", &VmNicCounters::tx_drop}}};
  std::vector<NicStats> nics;
  std::vector<bool> counts;
  for (const auto& param : params) {
    const auto field = device_field(param, "net.");
    if (!field) {
      continue;
    }
    const auto counter = find_field(kCounters, field->name);
    const auto value = number(param);
    if (field->name == "name") {
      at(nics, field->index).name = text(param);
    } else if (counter != nullptr && value) {
      at(nics, field->index).counters.*counter = *value;
      counts.resize(std::max(counts.size(), field->index + 1));
      counts[field->index] = true;
    }
  }
  counts.resize(nics.size());
  std::vector<NicStats> counted;
  for (std::size_t i = 0; i < nics.size(); ++i) {
    if (counts[i] && !nics[i].name.empty()) {
      counted.push_back(std::move(nics[i]));
    }
  }
  return counted;
}

std::optional<std::vector<VmDisk>> disk_stats(std::span<const virTypedParameter> params) {
  std::vector<VmDisk> disks;
  bool complete = false;
  for (const auto& param : params) {
    complete = complete || std::string_view(param.field) == "block.count";
    if (const auto field = device_field(param, "block.")) {
      set_disk_field(at(disks, field->index), field->name, param);
    }
  }
  std::erase_if(disks, [](const VmDisk& disk) { return disk.device.empty(); });
  const bool counted =
      std::ranges::any_of(disks, [](const VmDisk& disk) { return disk.counters.has_value(); });
  return complete && (disks.empty() || counted) ? std::optional(disks) : std::nullopt;
}

VmDisk* find_only_disk(std::span<VmDisk> disks) {
  VmDisk* only = nullptr;
  for (auto& disk : disks) {
    if (disk.capacity > 0 && std::exchange(only, &disk) != nullptr) {
      return nullptr;
    }
  }
  return only;
}

std::uint32_t domain_state(int state) {
  if (state == VIR_DOMAIN_PMSUSPENDED) {
    return VIR_DOMAIN_PAUSED;
  }
  return state >= VIR_DOMAIN_NOSTATE && state <= VIR_DOMAIN_CRASHED ? static_cast<std::uint32_t>(state) : 0;
}

} // namespace sfa::guests
