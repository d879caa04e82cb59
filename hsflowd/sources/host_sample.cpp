#include "sources/host_sample.hpp"

#include <algorithm>
#include <utility>

namespace sfa::sources {

HostSample::HostSample(host::SysRoot root, std::vector<std::unique_ptr<CounterSource>> sources)
    : root_(std::move(root)) {
  for (auto& source : sources) {
    set_source(std::move(source));
  }
}

void HostSample::set_source(std::unique_ptr<CounterSource> source) {
  const auto old =
      std::ranges::find(sources_, source->name(), [](const Source& s) { return s.counters->name(); });
  if (old != sources_.end()) {
    old->counters = std::move(source);
    return;
  }
  LoggedState state{std::string(source->name())};
  sources_.push_back({std::move(source), std::move(state)});
}

std::vector<sflow::CounterSample> HostSample::sample(std::span<const sflow::DataSource> /*due: the host*/) {
  sflow::CounterSample sample{.source = sflow::kHostDataSource, .blocks = {}};
  for (auto& source : sources_) {
    const auto begin = std::chrono::steady_clock::now();
    auto block = source.counters->read(root_);
    source.last_run = std::chrono::steady_clock::now();
    source.cost = std::chrono::duration_cast<std::chrono::microseconds>(*source.last_run - begin);
    source.present = block && *block;
    if (!block) {
      source.state.failed(block.error());
      continue;
    }
    if (auto missing = source.counters->missing(); !missing.empty()) {
      source.state.failed(Error{std::move(missing)});
    } else {
      source.state.ok();
    }
    if (*block) {
      sample.blocks.push_back(**std::move(block));
    }
  }
  return {std::move(sample)};
}

std::vector<polling::SourceStatus> HostSample::status(MonotonicTime now) const {
  std::vector<polling::SourceStatus> result;
  for (const auto& source : sources_) {
    result.push_back({.name = std::string(source.counters->name()),
                      .last_run = {},
                      .cost = source.cost,
                      .present = source.present,
                      .error = source.state.failure_text()});
    if (source.last_run) {
      result.back().last_run = std::chrono::duration_cast<std::chrono::milliseconds>(now - *source.last_run);
    }
  }
  return result;
}

} // namespace sfa::sources
