// Decodes sFlow version 5 datagrams. Strict: every length must be exact, with nothing left over, and padding
// must be zero. Only host_cpu is accepted in two lengths: it had 68 bytes until steal, guest and guest_nice
// were added.
#pragma once

#include "common/ip_address.hpp"
#include "common/result.hpp"
#include "sflow/counters.hpp"
#include "sflow/encode.hpp"
#include "sflow/flow_records.hpp"

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace sfa::sflow {

// A sample or record whose format is not decoded.
struct Unknown {
  std::uint32_t enterprise = 0; // IANA private enterprise number; 0 = sFlow.org
  std::uint32_t format = 0;
  std::uint32_t length = 0; // bytes

  bool operator==(const Unknown&) const = default;
};

using CounterRecord = std::variant<CounterBlock, Unknown>;
using FlowRecord = std::variant<SampledHeader, ExtendedSwitch, ExtendedMpls, ExtendedIpv4TunnelEgress,
                                ExtendedIpv4TunnelIngress, ExtendedVniEgress, ExtendedVniIngress, Unknown>;

// counters_sample (2) and counters_sample_expanded (4)
struct DecodedCounters {
  std::uint32_t sequence_number = 0;
  DataSource source;
  std::vector<CounterRecord> records;
};

// flow_sample (1) and flow_sample_expanded (3)
struct DecodedFlow {
  std::uint32_t sequence_number = 0;
  DataSource source;
  std::uint32_t sampling_rate = 0;
  std::uint32_t sample_pool = 0;
  std::uint32_t drops = 0;
  SwitchPort input;
  SwitchPort output;
  std::vector<FlowRecord> records;
};

// sFlow Dropped Packet Notification Structures, discarded_packet (5)
struct DecodedDiscard {
  std::uint32_t sequence_number = 0;
  DataSource source;
  std::uint32_t drops = 0;
  std::uint32_t input_if_index = 0;
  std::uint32_t output_if_index = 0;
  std::uint32_t reason = 0; // drop_reason
  std::vector<FlowRecord> records;
};

using DecodedSample = std::variant<DecodedCounters, DecodedFlow, DecodedDiscard, Unknown>;

struct DecodedDatagram {
  IpAddress agent_address;
  std::uint32_t sub_agent_id = 0;
  std::uint32_t sequence_number = 0;
  std::uint32_t uptime = 0; // ms, modulo 2^32
  std::vector<DecodedSample> samples;
};

// Errors name the place: "sample 2, record 1 (host_cpu): byte 312: cut short: needs 4 bytes, has 0". The byte
// is the offset in the datagram.
[[nodiscard]] Result<DecodedDatagram> decode_datagram(std::span<const std::uint8_t> bytes);

} // namespace sfa::sflow
