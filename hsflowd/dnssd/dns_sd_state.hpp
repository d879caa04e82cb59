// What DNS-SD has in force, and when to ask again. Pure: time and chance come in from outside, and asking is
// somebody else's business (DnsSd).
#pragma once

#include "common/event_loop.hpp"
#include "config/config.hpp"
#include "dnssd/dns_sd_answer.hpp"

#include <chrono>
#include <optional>
#include <random>
#include <string>

namespace sfa::dnssd {

class DnsSdState {
public:
  explicit DnsSdState(std::mt19937 random) : random_(random) {}

  // The first question is due within the configured delay; later calls are due at once. What is in force
  // stays.
  void configure(const config::DnsSdConfig& config, MonotonicTime now);
  // Other servers, or somebody asked for it. Absences seen so far do not count any more: two answers within
  // a moment must not switch off what nobody removed.
  void ask_now(MonotonicTime now);
  // In force until DNS answers.
  void remember(DnsSdAnswer copy);

  // A question is under way until concluded() or ask_now().
  void asked() { due_.reset(); }
  enum class Outcome {
    applied,      // in_force() is another one
    confirmed,    // the answer was the same
    doubted,      // absent for the first time: what is in force stays
    switched_off, // absent twice in a row: in_force() has no services now
    still_off,
    failed, // what is in force stays
  };
  Outcome concluded(DnsSdResult result, MonotonicTime now);

  [[nodiscard]] std::optional<MonotonicTime> due() const { return due_; }
  // Nothing: DNS has not answered yet. No services: monitoring is off.
  [[nodiscard]] const std::optional<DnsSdAnswer>& in_force() const { return in_force_; }

private:
  Outcome answered(DnsSdResult result, MonotonicTime now);
  Outcome absent(DnsSdAnswer answer);
  // Hosts must not ask in step: up to 10 % later. Not earlier, as a resolver's cache would only give the rest
  // of the old answer's life.
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds interval);
  [[nodiscard]] std::chrono::milliseconds refresh_after(std::chrono::seconds ttl);

  std::mt19937 random_;
  config::DnsSdConfig config_;
  std::optional<DnsSdAnswer> in_force_;
  std::optional<MonotonicTime> due_;
  unsigned absences_ = 0; // in a row
  unsigned failures_ = 0; // in a row
};

} // namespace sfa::dnssd
