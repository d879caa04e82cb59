// Counter structures of an application, and of Open vSwitch.
#pragma once

#include "sflow/counter_types.hpp"

#include <cstdint>
#include <string_view>

namespace sfa::sflow {

// sFlow Application Structures, app_resources.
struct AppResources {
  static constexpr std::uint32_t kFormat = 2203;
  static constexpr std::string_view kName = "app_resources";
  std::uint32_t user_time = kUnknown32;   // ms
  std::uint32_t system_time = kUnknown32; // ms
  std::uint64_t mem_used = 0;             // bytes
  std::uint64_t mem_max = 0;              // bytes
  std::uint32_t fd_open = 0;
  std::uint32_t fd_max = 0;
  std::uint32_t conn_open = 0;
  std::uint32_t conn_max = 0;

  bool operator==(const AppResources&) const = default;
  static void fields(auto& self, auto&& field) {
    field("user_time", self.user_time);
    field("system_time", self.system_time);
    field("mem_used", self.mem_used);
    field("mem_max", self.mem_max);
    field("fd_open", self.fd_open);
    field("fd_max", self.fd_max);
    field("conn_open", self.conn_open);
    field("conn_max", self.conn_max);
  }
};

// Open vSwitch, ovs_dp_stats: what the datapath's flow cache did.
struct OvsDpStats {
  static constexpr std::uint32_t kFormat = 2207;
  static constexpr std::string_view kName = "ovs_dp_stats";
  std::uint32_t hits = kUnknown32;
  std::uint32_t misses = kUnknown32;
  std::uint32_t lost = kUnknown32;
  std::uint32_t mask_hits = kUnknown32;
  std::uint32_t flows = 0;
  std::uint32_t masks = 0;

  bool operator==(const OvsDpStats&) const = default;
  static void fields(auto& self, auto&& field) {
    field("hits", self.hits);
    field("misses", self.misses);
    field("lost", self.lost);
    field("mask_hits", self.mask_hits);
    field("flows", self.flows);
    field("masks", self.masks);
  }
};

} // namespace sfa::sflow
