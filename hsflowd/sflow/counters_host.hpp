// Counter structures of a host; host_descr, host_adapters and host_parent describe virtual machines as well.
#pragma once

#include "sflow/counter_types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfa::sflow {

// sFlow Host Structures, host_descr.
struct HostDescr {
  static constexpr std::uint32_t kFormat = 2000;
  static constexpr std::string_view kName = "host_descr";
  static constexpr std::size_t kMaxHostname = 64;
  static constexpr std::size_t kMaxOsRelease = 32;
  std::string hostname;
  Uuid uuid{};
  std::uint32_t machine_type = 0; // 0 unknown, 2 x86, 3 x86_64, 7 powerpc, 9 mips, 10 arm, 12 s390
  std::uint32_t os_name = 0;      // 0 unknown, 2 linux
  std::string os_release;

  bool operator==(const HostDescr&) const = default;
  static void fields(auto& self, auto&& field) {
    field("hostname", self.hostname, kMaxHostname);
    field("uuid", self.uuid);
    field("machine_type", self.machine_type);
    field("os_name", self.os_name);
    field("os_release", self.os_release, kMaxOsRelease);
  }
};

// sFlow Host Structures, host_adapter.
struct HostAdapter {
  std::uint32_t if_index = 0;
  std::vector<MacAddress> mac_addresses;

  bool operator==(const HostAdapter&) const = default;
  static void fields(auto& self, auto&& field) {
    field("if_index", self.if_index);
    field("mac_addresses", self.mac_addresses);
  }
};

// sFlow Host Structures, host_adapters.
struct HostAdapters {
  static constexpr std::uint32_t kFormat = 2001;
  static constexpr std::string_view kName = "host_adapters";
  static constexpr std::size_t kMaxAdapters = 32;
  std::vector<HostAdapter> adapters;

  bool operator==(const HostAdapters&) const = default;
  static void fields(auto& self, auto&& field) { field("adapters", self.adapters); }
};

// sFlow Host Structures, host_parent.
struct HostParent {
  static constexpr std::uint32_t kFormat = 2002;
  static constexpr std::string_view kName = "host_parent";
  std::uint32_t container_type = 0;
  std::uint32_t container_index = 0;

  bool operator==(const HostParent&) const = default;
  static void fields(auto& self, auto&& field) {
    field("container_type", self.container_type);
    field("container_index", self.container_index);
  }
};

// sFlow Host Structures, host_cpu, in the form of 80 bytes that ends with steal, guest and guest_nice.
struct HostCpu {
  static constexpr std::uint32_t kFormat = 2003;
  static constexpr std::string_view kName = "host_cpu";
  float load_one = 0;
  float load_five = 0;
  float load_fifteen = 0;
  std::uint32_t proc_run = 0;
  std::uint32_t proc_total = 0;
  std::uint32_t cpu_num = 0;
  std::uint32_t cpu_speed = 0;         // MHz
  std::uint32_t uptime = 0;            // s
  std::uint32_t cpu_user = kUnknown32; // times in ms
  std::uint32_t cpu_nice = kUnknown32;
  std::uint32_t cpu_system = kUnknown32;
  std::uint32_t cpu_idle = kUnknown32;
  std::uint32_t cpu_wio = kUnknown32;
  std::uint32_t cpu_intr = kUnknown32;
  std::uint32_t cpu_sintr = kUnknown32;
  std::uint32_t interrupts = kUnknown32;
  std::uint32_t contexts = kUnknown32;
  std::uint32_t cpu_steal = kUnknown32;
  std::uint32_t cpu_guest = kUnknown32;
  std::uint32_t cpu_guest_nice = kUnknown32;

  bool operator==(const HostCpu&) const = default;
  static void fields(auto& self, auto&& field) {
    field("load_one", self.load_one);
    field("load_five", self.load_five);
    field("load_fifteen", self.load_fifteen);
    field("proc_run", self.proc_run);
    field("proc_total", self.proc_total);
    field("cpu_num", self.cpu_num);
    field("cpu_speed", self.cpu_speed);
    field("uptime", self.uptime);
    field("cpu_user", self.cpu_user);
    field("cpu_nice", self.cpu_nice);
    field("cpu_system", self.cpu_system);
    field("cpu_idle", self.cpu_idle);
    field("cpu_wio", self.cpu_wio);
    field("cpu_intr", self.cpu_intr);
    field("cpu_sintr", self.cpu_sintr);
    field("interrupts", self.interrupts);
    field("contexts", self.contexts);
    field("cpu_steal", self.cpu_steal);
    field("cpu_guest", self.cpu_guest);
    field("cpu_guest_nice", self.cpu_guest_nice);
  }
};

// sFlow Host Structures, host_memory.
struct HostMemory {
  static constexpr std::uint32_t kFormat = 2004;
  static constexpr std::string_view kName = "host_memory";
  std::uint64_t mem_total = 0; // sizes in bytes
  std::uint64_t mem_free = 0;
  std::uint64_t mem_shared = 0;
  std::uint64_t mem_buffers = 0;
  std::uint64_t mem_cached = 0;
  std::uint64_t swap_total = 0;
  std::uint64_t swap_free = 0;
  std::uint32_t page_in = kUnknown32; // pages
  std::uint32_t page_out = kUnknown32;
  std::uint32_t swap_in = kUnknown32;
  std::uint32_t swap_out = kUnknown32;

  bool operator==(const HostMemory&) const = default;
  static void fields(auto& self, auto&& field) {
    field("mem_total", self.mem_total);
    field("mem_free", self.mem_free);
    field("mem_shared", self.mem_shared);
    field("mem_buffers", self.mem_buffers);
    field("mem_cached", self.mem_cached);
    field("swap_total", self.swap_total);
    field("swap_free", self.swap_free);
    field("page_in", self.page_in);
    field("page_out", self.page_out);
    field("swap_in", self.swap_in);
    field("swap_out", self.swap_out);
  }
};

// sFlow Host Structures, host_disk_io.
struct HostDiskIo {
  static constexpr std::uint32_t kFormat = 2005;
  static constexpr std::string_view kName = "host_disk_io";
  std::uint64_t disk_total = 0;    // bytes
  std::uint64_t disk_free = 0;     // bytes
  std::uint32_t part_max_used = 0; // of the fullest file system, percent x 100
  std::uint32_t reads = kUnknown32;
  std::uint64_t bytes_read = kUnknown64;
  std::uint32_t read_time = kUnknown32; // ms
  std::uint32_t writes = kUnknown32;
  std::uint64_t bytes_written = kUnknown64;
  std::uint32_t write_time = kUnknown32; // ms

  bool operator==(const HostDiskIo&) const = default;
  static void fields(auto& self, auto&& field) {
    field("disk_total", self.disk_total);
    field("disk_free", self.disk_free);
    field("part_max_used", self.part_max_used);
    field("reads", self.reads);
    field("bytes_read", self.bytes_read);
    field("read_time", self.read_time);
    field("writes", self.writes);
    field("bytes_written", self.bytes_written);
    field("write_time", self.write_time);
  }
};

// sFlow Host Structures, host_net_io.
struct HostNetIo {
  static constexpr std::uint32_t kFormat = 2006;
  static constexpr std::string_view kName = "host_net_io";
  std::uint64_t bytes_in = kUnknown64;
  std::uint32_t pkts_in = kUnknown32;
  std::uint32_t errs_in = kUnknown32;
  std::uint32_t drops_in = kUnknown32;
  std::uint64_t bytes_out = kUnknown64;
  std::uint32_t pkts_out = kUnknown32;
  std::uint32_t errs_out = kUnknown32;
  std::uint32_t drops_out = kUnknown32;

  bool operator==(const HostNetIo&) const = default;
  static void fields(auto& self, auto&& field) {
    field("bytes_in", self.bytes_in);
    field("pkts_in", self.pkts_in);
    field("errs_in", self.errs_in);
    field("drops_in", self.drops_in);
    field("bytes_out", self.bytes_out);
    field("pkts_out", self.pkts_out);
    field("errs_out", self.errs_out);
    field("drops_out", self.drops_out);
  }
};

} // namespace sfa::sflow
