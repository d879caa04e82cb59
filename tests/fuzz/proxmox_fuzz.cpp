// Any text as each file that the backend of Proxmox VE parses: configurations, files of a control group, and
// the names of devices.

#include "guests/cgroups/cgroup_files.hpp"
#include "guests/proxmox/guest_config.hpp"
#include "guests/proxmox/guest_devices.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace {

using namespace sfa;

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool fits_one_line(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// What is exported and logged is bounded and readable.
void check_config(guests::GuestKind kind, std::string_view text) {
  const auto config = guests::parse_guest_config(kind, text);
  check(config.name.size() <= 255 && fits_one_line(config.name));
  check(!config.uuid || *config.uuid != Uuid{});
  check(config.nics.size() <= guests::kMostNics);
  check(std::ranges::all_of(config.nics, [](const auto& nic) { return nic.first < guests::kMostNics; }));
  check((config.bad_items == 0) == config.first_bad.empty());
  check(config.first_bad.size() < 1000 && fits_one_line(config.first_bad));
}

template <class T>
void check_result(const Result<T>& result) {
  check(result || (!result.error().message.empty() && fits_one_line(result.error().message)));
}

void check_device(std::string_view name) {
  const auto device = guests::parse_guest_device(name);
  if (!device) {
    return;
  }
  const auto is = [&](std::string_view prefix, char separator) {
    return name == fmt::format("{}{}{}{}", prefix, device->vmid, separator, device->net);
  };
  check(is("tap", 'i') || is("veth", 'i') || is("fwln", 'o') || is("fwpr", 'p'));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_config(guests::GuestKind::vm, text);
  check_config(guests::GuestKind::container, text);
  check_result(guests::parse_cgroup_events(text));
  check_result(guests::parse_cpu_usage(text));
  check_result(guests::parse_cpu_max(text));
  check_result(guests::parse_cpu_count(text));
  check_result(guests::parse_memory_bytes(text));
  check_result(guests::parse_inactive_file(text));
  const auto disks = guests::parse_io_stat(text);
  check_result(disks);
  check(!disks || std::ranges::all_of(*disks, [](const auto& disk) {
    return disk.first.find_first_not_of("0123456789:") == std::string::npos;
  }));
  check_device(text);
  return 0;
}
