// Counter structures of a hypervisor and its virtual machines.
#pragma once

#include "sflow/counter_types.hpp"

#include <cstdint>
#include <string_view>

namespace sfa::sflow {

// sFlow Host Structures, virt_node: the hypervisor.
struct VirtNode {
  static constexpr std::uint32_t kFormat = 2100;
  static constexpr std::string_view kName = "virt_node";
  std::uint32_t mhz = 0;
  std::uint32_t cpus = 0;
  std::uint64_t memory = 0;      // bytes
  std::uint64_t memory_free = 0; // bytes
  std::uint32_t num_domains = 0;

  bool operator==(const VirtNode&) const = default;
  static void fields(auto& self, auto&& field) {
    field("mhz", self.mhz);
    field("cpus", self.cpus);
    field("memory", self.memory);
    field("memory_free", self.memory_free);
    field("num_domains", self.num_domains);
  }
};

// sFlow Host Structures, virt_cpu.
struct VirtCpu {
  static constexpr std::uint32_t kFormat = 2101;
  static constexpr std::string_view kName = "virt_cpu";
  // As libvirt's virDomainState: 0 none, 1 running, 2 blocked, 3 paused, 4 shutting down, 5 off, 6 crashed.
  std::uint32_t state = 0;
  std::uint32_t cpu_time = kUnknown32; // ms
  std::uint32_t nr_virt_cpu = 0;

  bool operator==(const VirtCpu&) const = default;
  static void fields(auto& self, auto&& field) {
    field("state", self.state);
    field("cpu_time", self.cpu_time);
    field("nr_virt_cpu", self.nr_virt_cpu);
  }
};

// sFlow Host Structures, virt_memory.
struct VirtMemory {
  static constexpr std::uint32_t kFormat = 2102;
  static constexpr std::string_view kName = "virt_memory";
  std::uint64_t memory = 0;     // bytes
  std::uint64_t max_memory = 0; // bytes

  bool operator==(const VirtMemory&) const = default;
  static void fields(auto& self, auto&& field) {
    field("memory", self.memory);
    field("max_memory", self.max_memory);
  }
};

// sFlow Host Structures, virt_disk_io.
struct VirtDiskIo {
  static constexpr std::uint32_t kFormat = 2103;
  static constexpr std::string_view kName = "virt_disk_io";
  std::uint64_t capacity = 0; // sizes in bytes
  std::uint64_t allocation = 0;
  std::uint64_t available = 0; // to be read as "physical": the errata of sFlow Host Structures
  std::uint32_t rd_req = kUnknown32;
  std::uint64_t rd_bytes = kUnknown64;
  std::uint32_t wr_req = kUnknown32;
  std::uint64_t wr_bytes = kUnknown64;
  std::uint32_t errs = kUnknown32;

  bool operator==(const VirtDiskIo&) const = default;
  static void fields(auto& self, auto&& field) {
    field("capacity", self.capacity);
    field("allocation", self.allocation);
    field("available", self.available);
    field("rd_req", self.rd_req);
    field("rd_bytes", self.rd_bytes);
    field("wr_req", self.wr_req);
    field("wr_bytes", self.wr_bytes);
    field("errs", self.errs);
  }
};

// sFlow Host Structures, virt_net_io.
struct VirtNetIo {
  static constexpr std::uint32_t kFormat = 2104;
  static constexpr std::string_view kName = "virt_net_io";
  std::uint64_t rx_bytes = kUnknown64;
  std::uint32_t rx_packets = kUnknown32;
  std::uint32_t rx_errs = kUnknown32;
  std::uint32_t rx_drop = kUnknown32;
  std::uint64_t tx_bytes = kUnknown64;
  std::uint32_t tx_packets = kUnknown32;
  std::uint32_t tx_errs = kUnknown32;
  std::uint32_t tx_drop = kUnknown32;

  bool operator==(const VirtNetIo&) const = default;
  static void fields(auto& self, auto&& field) {
    field("rx_bytes", self.rx_bytes);
    field("rx_packets", self.rx_packets);
    field("rx_errs", self.rx_errs);
    field("rx_drop", self.rx_drop);
    field("tx_bytes", self.tx_bytes);
    field("tx_packets", self.tx_packets);
    field("tx_errs", self.tx_errs);
    field("tx_drop", self.tx_drop);
  }
};

} // namespace sfa::sflow
