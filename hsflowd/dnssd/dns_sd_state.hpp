// Which DNS-SD answer is active, and when to query again. Pure: time and randomness are arguments, and DnsSd
// makes the queries.
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

  // The first query is due within the configured delay; after later calls it is due immediately. The active
  // answer stays.
  void configure(const config::DnsSdConfig& config, MonotonicTime now);
  // After a reload or a change of servers. Restarts the count of absences: two answers within a moment must
  // not switch off what nobody removed.
  void ask_now(MonotonicTime now);
  // Active until DNS responds.
  void remember(DnsSdAnswer copy);

  // A query is pending until finished() or ask_now().
  void asked() { due_.reset(); }
  enum class Outcome {
    applied,      // active() changed
    confirmed,    // the same answer again
    doubted,      // absent for the first time; active() stays
    switched_off, // absent twice in a row; active() has no services now
    still_off,
    failed, // active() stays
  };
  Outcome finished(DnsSdResult result, MonotonicTime now);

  [[nodiscard]] std::optional<MonotonicTime> due() const { return due_; }
  // nullopt if DNS has not answered yet. No services: monitoring is off.
  [[nodiscard]] const std::optional<DnsSdAnswer>& active() const { return active_; }

private:
  Outcome answered(DnsSdResult result, MonotonicTime now);
  Outcome absent(DnsSdAnswer answer);
  // Up to 10 % longer, so that hosts do not query in step. Never shorter: until the TTL ends, a resolver
  // answers from its cache.
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds interval);
  [[nodiscard]] std::chrono::milliseconds refresh_after(std::chrono::seconds ttl);

  std::mt19937 random_;
  config::DnsSdConfig config_;
  std::optional<DnsSdAnswer> active_;
  std::optional<MonotonicTime> due_;
  unsigned absences_ = 0; // in a row
  unsigned failures_ = 0; // in a row
};

} // namespace sfa::dnssd
