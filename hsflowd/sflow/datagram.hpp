// Packs counter samples into sFlow version 5 datagrams.
#pragma once

#include "common/ip_address.hpp"
#include "sflow/counters.hpp"
#include "sflow/encode.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sfa::sflow {

using Datagram = std::vector<std::uint8_t>;

struct CounterSample {
  DataSource source;
  std::vector<CounterBlock> blocks;
};

// What all datagrams of this agent have in common.
struct AgentIdentity {
  IpAddress address;
  std::uint32_t sub_agent_id = 100000;

  bool operator==(const AgentIdentity&) const = default;
};

// Numbers that a collector follows to count what it lost; they go on whatever else changes.
struct SequenceNumbers {
  std::uint32_t datagram = 0;
  std::map<DataSource, std::uint32_t> sample;
};

// A block that does not fit a datagram even alone, and so was left out.
struct TooLarge {
  DataSource source;
  std::string block; // name of the structure

  auto operator<=>(const TooLarge&) const = default;
};

struct Packed {
  std::vector<Datagram> datagrams;
  std::vector<TooLarge> too_large;
};

// Every datagram is at most `max_bytes` long. Blocks of one source that do not fit one sample go into several
// samples of that source; no sample is split. `uptime` is the time since the host booted (sFlow Version 5,
// sample_datagram_v5).
[[nodiscard]] Packed pack(const AgentIdentity& agent, std::span<const CounterSample> samples,
                          std::size_t max_bytes, std::chrono::milliseconds uptime, SequenceNumbers& numbers);

} // namespace sfa::sflow
