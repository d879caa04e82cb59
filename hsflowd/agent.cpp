#include "hsflowd/agent.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/ranges.h>
#include <utility>

namespace sfa {

namespace {

// CLOCK_BOOTTIME, as /proc/uptime: time in suspend counts.
std::chrono::milliseconds host_uptime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                               std::chrono::nanoseconds(now.tv_nsec));
}

} // namespace

Agent::Agent(EventLoop& loop, SysRoot root, std::vector<std::unique_ptr<CounterSource>> sources,
             std::mt19937 random, Fallback fallback)
    : root_(std::move(root)), exporter_(std::move(fallback)), schedule_(random),
      timer_(loop.timer([this] { poll(); })) {
  for (auto& source : sources) {
    LoggedState state(std::string(source->name()));
    sources_.push_back({std::move(source), std::move(state)});
  }
}

bool Agent::exporting() const {
  return settings_.agent_ip.has_value() && !settings_.collectors.empty() && settings_.polling.count() > 0;
}

void Agent::apply(const Settings& settings, std::uint32_t sub_agent_id) {
  const auto now = std::chrono::steady_clock::now();
  sub_agent_id_ = sub_agent_id;
  const auto old_address = std::exchange(settings_, settings).agent_ip;
  exporter_.set_collectors(settings_.collectors);
  schedule_.set_interval(exporting() ? settings_.polling : std::chrono::seconds(0), now);
  if (old_address != settings_.agent_ip) {
    schedule_.poll_soon(now);
  }
  arm();
}

void Agent::replace_source(std::unique_ptr<CounterSource> source) {
  const auto old =
      std::ranges::find(sources_, source->name(), [](const Source& s) { return s.counters->name(); });
  old->counters = std::move(source);
}

void Agent::arm() {
  if (const auto due = schedule_.due()) {
    timer_.arm_at(*due);
  } else {
    timer_.disarm();
  }
}

void Agent::poll() {
  const std::vector<CounterSample> samples{host_sample()};
  const AgentIdentity identity{*settings_.agent_ip, sub_agent_id_};
  const Packed packed = pack(identity, samples, settings_.datagram_bytes, host_uptime(), numbers_);
  if (packed.too_large.empty()) {
    packing_.ok();
  } else {
    packing_.failed(Error{fmt::format("{} left out, larger than datagramBytes={} allows",
                                      fmt::join(packed.too_large, ", "), settings_.datagram_bytes)});
  }
  exporter_.send(packed.datagrams);
  schedule_.polled(std::chrono::steady_clock::now());
  arm();
}

CounterSample Agent::host_sample() {
  CounterSample sample{.source = kHostDataSource, .blocks = {}};
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
    source.state.ok();
    if (*block) {
      sample.blocks.push_back(**std::move(block));
    }
  }
  return sample;
}

std::vector<SourceStatus> Agent::sources(MonotonicTime now) const {
  std::vector<SourceStatus> result;
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

std::vector<CollectorStatus> Agent::collectors() const {
  std::vector<CollectorStatus> result;
  for (auto& [collector, sent, errors, last_error] : exporter_.status()) {
    result.push_back({.collector = collector, .sent = sent, .errors = errors, .last_error = last_error});
  }
  return result;
}

} // namespace sfa
