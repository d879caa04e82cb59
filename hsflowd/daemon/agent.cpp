#include "daemon/agent.hpp"

#include <ctime>
#include <fmt/ranges.h>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

namespace sfa::daemon {

namespace {

// CLOCK_BOOTTIME includes time in suspend, like /proc/uptime.
std::chrono::milliseconds host_uptime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                               std::chrono::nanoseconds(now.tv_nsec));
}

// A data source that returns continues its sequence numbers. But data sources that never return must not fill
// the memory of a process that runs for years.
void forget(sflow::SequenceNumbers& numbers, const std::set<sflow::DataSource>& present) {
  constexpr std::size_t kMaxAway = 256; // 60 kB
  if (numbers.sample.size() > present.size() + kMaxAway) {
    std::erase_if(numbers.sample, [&](const auto& number) { return !present.contains(number.first); });
  }
}

} // namespace

Agent::Agent(EventLoop& loop, std::mt19937 random, collectors::Exporter& exporter)
    : exporter_(exporter), schedule_(random), timer_(loop.timer([this] { poll(); })) {}

void Agent::add(polling::SampleSource& source) {
  sources_.push_back(&source);
  data_sources_changed();
}

bool Agent::exporting() const {
  return settings_.agent_ip.has_value() && !settings_.collectors.empty() && settings_.polling.count() > 0;
}

void Agent::apply(const Settings& settings, std::uint32_t sub_agent_id) {
  const auto now = std::chrono::steady_clock::now();
  sub_agent_id_ = sub_agent_id;
  const auto old_address = std::exchange(settings_, settings).agent_ip;
  schedule_.set_interval(exporting() ? settings_.polling : std::chrono::seconds(0), now);
  if (old_address != settings_.agent_ip) {
    schedule_.poll_soon(now);
  }
  arm();
}

void Agent::data_sources_changed() {
  std::set<sflow::DataSource> present;
  owners_.clear();
  for (auto* source : sources_) {
    for (const auto& data_source : source->data_sources()) {
      present.insert(data_source);
      owners_[data_source] = source;
    }
  }
  forget(numbers_, present);
  schedule_.set_data_sources(present, std::chrono::steady_clock::now());
  arm();
}

void Agent::arm() {
  if (const auto due = schedule_.next()) {
    timer_.arm_at(*due);
  } else {
    timer_.disarm();
  }
}

void Agent::poll() {
  std::map<polling::SampleSource*, std::vector<sflow::DataSource>> due;
  for (const auto& data_source : schedule_.take_due(std::chrono::steady_clock::now())) {
    due[owners_.at(data_source)].push_back(data_source);
  }
  std::vector<sflow::CounterSample> samples;
  for (auto* source : sources_) {
    if (const auto found = due.find(source); found != due.end()) {
      std::ranges::move(source->sample(found->second), std::back_inserter(samples));
    }
  }
  export_now(samples);
  arm();
}

void Agent::deliver(std::vector<sflow::CounterSample> samples) {
  if (exporting()) {
    export_now(samples);
  }
}

void Agent::export_now(std::span<const sflow::CounterSample> samples) {
  const sflow::AgentIdentity identity{*settings_.agent_ip, sub_agent_id_};
  const sflow::Packed packed = pack(identity, samples, settings_.datagram_bytes, host_uptime(), numbers_);
  report_packing(samples, packed.too_large);
  exporter_.send(packed.datagrams);
}

void Agent::report_packing(std::span<const sflow::CounterSample> samples,
                           const std::vector<sflow::TooLarge>& too_large) {
  for (const auto& sample : samples) {
    std::erase_if(too_large_, [&](const sflow::TooLarge& block) { return block.source == sample.source; });
  }
  too_large_.insert(too_large.begin(), too_large.end());
  if (too_large_.empty()) {
    packing_.ok();
    return;
  }
  std::set<std::string_view> names;
  for (const auto& block : too_large_) {
    names.insert(block.block);
  }
  packing_.failed(Error{fmt::format("{} omitted: too large for datagramBytes={}", fmt::join(names, ", "),
                                    settings_.datagram_bytes)});
}

std::vector<polling::SourceStatus> Agent::sources(MonotonicTime now) const {
  std::vector<polling::SourceStatus> result;
  for (const auto* source : sources_) {
    std::ranges::move(source->status(now), std::back_inserter(result));
  }
  return result;
}

std::vector<status::DataSourceCount> Agent::data_sources() const {
  std::vector<status::DataSourceCount> result;
  for (const auto* source : sources_) {
    result.push_back({.name = std::string(source->name()), .count = source->data_sources().size()});
  }
  return result;
}

} // namespace sfa::daemon
