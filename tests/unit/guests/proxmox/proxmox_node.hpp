// A Proxmox VE node for the tests: a copy of tests/fixtures/proxmox, which they change.
#pragma once

#include "common/text.hpp"
#include "guests/proxmox/proxmox_source.hpp"
#include "host/fixture_host.hpp"

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sfa::test {

inline constexpr sfa::Uuid kNodeUuid{0xee};

inline Uuid fixture_uuid(int vmid) {
  return value_of(parse_uuid(fmt::format("10000000-0000-4000-8000-{:012}", vmid)));
}
inline Uuid derived_uuid(const char* kind, int vmid) {
  return derive_uuid(kNodeUuid, fmt::format("proxmox {} {}", kind, vmid));
}

// Knows interfaces by their ifIndex, as rtnetlink does.
class StatisticsByIndex final : public LinkStatistics {
public:
  [[nodiscard]] Result<LinkCountersByIndex> read(const SysRoot& root,
                                                 std::span<const Interface* const> interfaces) override {
    std::vector<const Interface*> existing;
    for (const auto* interface : interfaces) {
      if (root.attribute("sys/class/net/" + interface->name + "/ifindex") ==
          std::to_string(interface->index)) {
        existing.push_back(interface);
      }
    }
    return LinkStatistics::read(root, existing);
  }
};

struct ProxmoxNode {
  TemporaryHost host;
  MonotonicTime now{};
  guests::ReadConfig read_config = guests::read_config_below(host.root());
  // Long, so that a busy host does not make /etc/pve seem to hang.
  std::chrono::milliseconds patience{10'000};

  ProxmoxNode() {
    std::filesystem::copy(fixtures_directory() / "proxmox", host.path(),
                          std::filesystem::copy_options::recursive);
    for (const auto* kind : {"qemu-server", "lxc"}) { // the node that this is
      std::filesystem::create_directory_symlink(std::filesystem::path("nodes/pve1") / kind,
                                                host.path() / "etc/pve" / kind);
    }
    date_start(103, 300); // two with the same UUID
    date_start(104, 200);
  }

  [[nodiscard]] std::unique_ptr<guests::VmSource> source() {
    guests::VmSourceOptions options{.root = host.root()};
    options.link_statistics = [] {
      return Result<std::unique_ptr<LinkStatistics>>(std::make_unique<StatisticsByIndex>());
    };
    options.host = kNodeUuid;
    return guests::make_proxmox_source(options, {.read_config = read_config,
                                                 .machine_name = "x86_64",
                                                 .patience = patience,
                                                 .clock = [this] { return now; }});
  }

  static std::string config(int vmid, const char* node = "pve1") {
    return fmt::format("etc/pve/nodes/{}/qemu-server/{}.conf", node, vmid);
  }
  static std::string scope(int vmid) { return fmt::format("sys/fs/cgroup/qemu.slice/{}.scope", vmid); }

  void start(int vmid) const {
    host.write(fmt::format("run/qemu-server/{}.pid", vmid), fmt::format("{}00\n", vmid));
    host.write(scope(vmid) + "/cgroup.events", "populated 1\nfrozen 0\n");
    host.write(scope(vmid) + "/cpu.stat", "usage_usec 7\n");
  }
  void stop(int vmid) const {
    host.remove(fmt::format("run/qemu-server/{}.pid", vmid));
    host.remove(scope(vmid));
  }
  // When the VM started, or its configuration was written, in seconds before now.
  void date(const std::string& path, int seconds) const {
    std::filesystem::last_write_time(host.path() / path, std::filesystem::file_time_type::clock::now() -
                                                             std::chrono::seconds(seconds));
  }
  void date_start(int vmid, int seconds) const { date(fmt::format("run/qemu-server/{}.pid", vmid), seconds); }
  // In sysfs and proc/net/dev; the guest has sent `bytes_in`.
  void plug(const std::string& device, int if_index, int bytes_in) const {
    unplug(device);
    host.write("sys/class/net/" + device + "/ifindex", std::to_string(if_index) + "\n");
    host.write("proc/net/dev",
               net_dev() + fmt::format("{}: {} 1 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n", device, bytes_in));
  }
  void unplug(const std::string& device) const {
    host.remove("sys/class/net/" + device);
    std::string rest;
    const auto text = net_dev();
    for (const auto line : lines(text)) {
      if (!trim(line).starts_with(device + ":")) {
        rest += std::string(line) + "\n";
      }
    }
    host.write("proc/net/dev", rest);
  }
  [[nodiscard]] std::string net_dev() const { return value_of(host.root().read("proc/net/dev")).value(); }
};

// By name.
inline std::map<std::string, guests::VmReading> read_guests(guests::VmSource& source) {
  const auto list = value_of(source.list());
  std::map<std::string, guests::VmReading> readings;
  for (auto& reading : value_of(source.read(list.vms))) {
    readings.emplace(reading.name, std::move(reading));
  }
  return readings;
}

} // namespace sfa::test
