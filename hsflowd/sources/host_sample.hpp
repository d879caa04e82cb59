// The sample source of the host: one data source. Each counter source provides one block of its samples.
#pragma once

#include "common/log.hpp"
#include "polling/sample_source.hpp"
#include "sources/counter_source.hpp"

#include <memory>
#include <vector>

namespace sfa::sources {

class HostSample final : public polling::SampleSource {
public:
  HostSample(host::SysRoot root, std::vector<std::unique_ptr<CounterSource>> sources);

  // Replaces the source of the same name, or adds one.
  void set_source(std::unique_ptr<CounterSource> source);

  [[nodiscard]] std::string_view name() const override { return "host"; }
  [[nodiscard]] std::vector<sflow::DataSource> data_sources() const override {
    return {sflow::kHostDataSource};
  }
  [[nodiscard]] std::vector<sflow::CounterSample> sample(std::span<const sflow::DataSource> due) override;
  [[nodiscard]] std::vector<polling::SourceStatus> status(MonotonicTime now) const override;

private:
  struct Source {
    std::unique_ptr<CounterSource> counters;
    LoggedState state;
    std::optional<MonotonicTime> last_run = {};
    std::chrono::microseconds cost{0}; // of the last run
    bool present = false;              // the last run returned a block
  };

  host::SysRoot root_;
  std::vector<Source> sources_;
};

} // namespace sfa::sources
