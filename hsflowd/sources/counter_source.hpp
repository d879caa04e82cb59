// A counter source reads one structure of the host sample. One file a source; registry.cpp lists them all.
// docs/adding-a-counter-source.md walks through a new one.
#pragma once

#include "common/result.hpp"
#include "host/sys_root.hpp"
#include "sflow/counters.hpp"

#include <cstdint>
#include <optional>
#include <string>
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

  // An empty optional means that this host does not have the counters, an error that it has them but they
  // could not be read. In both cases the sample goes without the structure. The caller logs errors when they
  // change; sources never log.
  [[nodiscard]] virtual Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) = 0;

  // What the last block lacks although the host has it; empty if nothing.
  [[nodiscard]] virtual std::string missing() const { return ""; }
};

} // namespace sfa::sources
