// Encodes counter blocks and samples.
#pragma once

#include "sflow/counters.hpp"
#include "sflow/xdr.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sfa::sflow {

// Data source, sFlow Version 5, structure sflow_data_source_expanded.
struct DataSource {
  std::uint32_t ds_class = 0; // 0 interface, 2 physical entity, 3 logical entity
  std::uint32_t index = 0;

  auto operator<=>(const DataSource&) const = default;
};

inline constexpr DataSource kHostDataSource{2, 1};

// A complete counter record: format, length, body.
[[nodiscard]] std::vector<std::uint8_t> encode_record(const CounterBlock& block);

// An expanded counter sample (structure counters_sample_expanded) with its tag and length, from complete
// records.
[[nodiscard]] std::vector<std::uint8_t>
encode_counter_sample(DataSource source, std::uint32_t sequence_number,
                      std::span<const std::vector<std::uint8_t>> records);

} // namespace sfa::sflow
