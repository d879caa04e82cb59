#include "hsflowd/agent.hpp"

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

MonotonicTime next_poll(MonotonicTime due, MonotonicTime now, std::chrono::seconds interval) {
  const auto missed = now > due ? (now - due) / interval : 0;
  return due + (missed + 1) * interval;
}

Agent::Agent(EventLoop& loop, SysRoot root, std::vector<std::unique_ptr<CounterSource>> sources,
             std::mt19937 random)
    : root_(std::move(root)), random_(random), timer_(loop.timer([this] { poll(); })) {
  for (auto& source : sources) {
    LoggedState state(std::string(source->name()));
    sources_.push_back({std::move(source), std::move(state)});
  }
}

bool Agent::exporting() const {
  return settings_.agent_ip.has_value() && !settings_.collectors.empty() && settings_.polling.count() > 0;
}

void Agent::apply(const Settings& settings, std::uint32_t sub_agent_id) {
  sub_agent_id_ = sub_agent_id;
  const bool was_exporting = exporting();
  const auto old_polling = std::exchange(settings_, settings).polling;
  exporter_.set_collectors(settings_.collectors);
  if (!exporting()) {
    timer_.disarm();
    return;
  }
  if (was_exporting && old_polling == settings_.polling) {
    return;
  }
  // A new interval comes to a whole fleet at once: each host starts somewhere in it.
  const auto now = std::chrono::steady_clock::now();
  due_ = polled_ ? now + part_of_interval() : now;
  timer_.arm_at(due_);
}

std::chrono::milliseconds Agent::part_of_interval() {
  std::uniform_int_distribution<std::int64_t> part(1, std::chrono::milliseconds(settings_.polling).count());
  return std::chrono::milliseconds(part(random_));
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

  const auto now = std::chrono::steady_clock::now();
  due_ = std::exchange(polled_, true) ? next_poll(due_, now, settings_.polling) : now + part_of_interval();
  timer_.arm_at(due_);
}

CounterSample Agent::host_sample() {
  CounterSample sample{.source = kHostDataSource, .blocks = {}};
  for (auto& [counters, state] : sources_) {
    auto block = counters->read(root_);
    if (!block) {
      state.failed(block.error());
      continue;
    }
    state.ok();
    if (*block) {
      sample.blocks.push_back(**std::move(block));
    }
  }
  return sample;
}

} // namespace sfa
