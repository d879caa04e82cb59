// A counter source reads one structure of the host sample. One file a source; registry.cpp lists them all.
// docs/adding-a-counter-source.md walks through a new one.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sfa::sources {

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
  [[nodiscard]] virtual Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) = 0;
};

} // namespace sfa::sources
