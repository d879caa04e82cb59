// Decodes sFlow version 5 datagrams. What breaks a rule is named in the `problems` of its sample or of the
// datagram, and affects the smallest unit that contains it: with wrong padding, spare bytes and wrong numbers
// of records or samples everything is decoded; a structure that is cut short or contradicts itself becomes an
// Unknown with its bytes. A sampled_header that is cut short is decoded as far as it goes, because sampled
// packets end anywhere. host_cpu has two right lengths: it had 68 bytes until steal, guest and guest_nice
// were added.
#pragma once

#include "common/ip_address.hpp"
#include "common/result.hpp"
#include "sflow/counters.hpp"
#include "sflow/encode.hpp"
#include "sflow/flow_records.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sfa::sflow {

// Each says where and what: "record 1 (host_cpu): byte 312: cut short: needs 4 bytes, has 0". The byte is
// the offset in the datagram.
using Problems = std::vector<std::string>;

// A sample or record whose format is not decoded, or that is damaged.
struct Unknown {
  std::uint32_t enterprise = 0; // IANA private enterprise number; 0 = sFlow.org
  std::uint32_t format = 0;
  std::vector<std::uint8_t> bytes;
  Problems problems = {}; // of a sample

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
  Problems problems = {}; // with those of its records
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
  Problems problems = {}; // with those of its records
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
  Problems problems = {}; // with those of its records
};

using DecodedSample = std::variant<DecodedCounters, DecodedFlow, DecodedDiscard, Unknown>;

struct DecodedDatagram {
  IpAddress agent_address;
  std::uint32_t sub_agent_id = 0;
  std::uint32_t sequence_number = 0;
  std::uint32_t uptime = 0; // ms, modulo 2^32
  std::vector<DecodedSample> samples;
  Problems problems = {}; // of none of the samples
};

// An error only if the header is damaged.
[[nodiscard]] Result<DecodedDatagram> decode_datagram(std::span<const std::uint8_t> bytes);

// The same, but the first problem is an error: "sample 2, record 1 (host_cpu): byte 312: cut short: needs 4
// bytes, has 0".
[[nodiscard]] Result<DecodedDatagram> decode_strictly(std::span<const std::uint8_t> bytes);

} // namespace sfa::sflow
