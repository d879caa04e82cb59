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

// The fields that are the same in all datagrams of this agent.
struct AgentIdentity {
  IpAddress address;
  std::uint32_t sub_agent_id = 100000;

  bool operator==(const AgentIdentity&) const = default;
};

// Collectors detect loss by them, so they continue whatever else changes.
struct SequenceNumbers {
  std::uint32_t datagram = 0;
  std::map<DataSource, std::uint32_t> sample;
};

// A block that was left out because it does not fit into a datagram of its own.
struct TooLarge {
  DataSource source;
  std::string block; // name of the structure

  auto operator<=>(const TooLarge&) const = default;
};

struct Packed {
  std::vector<Datagram> datagrams;
  std::vector<TooLarge> too_large;
};

// Every datagram has at most `max_bytes`. If the blocks of a source do not fit into one sample, it gets
// several; no sample is split. `uptime` is the time since the host booted (sFlow Version 5,
// sample_datagram_v5).
[[nodiscard]] Packed pack(const AgentIdentity& agent, std::span<const CounterSample> samples,
                          std::size_t max_bytes, std::chrono::milliseconds uptime, SequenceNumbers& numbers);

} // namespace sfa::sflow
