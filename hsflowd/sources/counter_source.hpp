// A counter source reads one structure of the host sample. One file a source; registry.cpp lists them all.
// docs/adding-a-counter-source.md walks through a new one.
#pragma once

#include "common/result.hpp"
#include "sflow/counters.hpp"
#include "sources/sys_root.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sfa {

class CounterSource {
public:
  CounterSource() = default;
  CounterSource(const CounterSource&) = delete;
  CounterSource& operator=(const CounterSource&) = delete;
  CounterSource(CounterSource&&) = delete;
  CounterSource& operator=(CounterSource&&) = delete;
  virtual ~CounterSource() = default;

  // The name of the structure that it fills.
  [[nodiscard]] virtual std::string_view name() const = 0;

  // Nothing: this host does not have it, and the block is left out. An Error: it should be there but could
  // not be read; the block is left out too, and the caller logs the change. Sources never log.
  [[nodiscard]] virtual Result<std::optional<CounterBlock>> read(const SysRoot& root) = 0;
};

// A kernel counter as a 32-bit one of a structure: modulo 2^32, as a 32-bit counter goes; unknown when there
// is none.
[[nodiscard]] inline std::uint32_t counter32(const std::optional<std::uint64_t>& value) {
  return value ? static_cast<std::uint32_t>(*value) : kUnknown32;
}

} // namespace sfa
