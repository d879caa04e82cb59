// The collectors, and the agent's address, that are configured by name: which addresses the names have, when
// each is to be looked up (again), and which of its addresses each collector is sent to. Pure: time and
// randomness are arguments, and asking is somebody else's business (CollectorResolver).
#pragma once

#include "common/event_loop.hpp"
#include "common/settings.hpp"
#include "config/config.hpp"
#include "dns/refresh.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace sfa::collectors {

// What a DNS answer can make us keep at most.
inline constexpr std::size_t kMaxAddresses = 16;

// The addresses of an answer without repetition, those that were known first and in their old order: servers
// rotate their answers, and a collector is not to move with each of them.
[[nodiscard]] std::vector<IpAddress> merge(std::span<const IpAddress> known,
                                           std::span<const dns::DnsAddress> answer);

class CollectorNames {
public:
  // `random` spreads the lookups of hosts that share a caching server: its copy ends for all at once.
  explicit CollectorNames(std::mt19937 random) : random_(random) {}

  // Every name is due now; what is known of names that stay is kept. `agent_host` is empty when the agent's
  // address is not configured by name.
  void configure(const std::vector<config::CollectorConfig>& collectors, const std::string& agent_host,
                 MonotonicTime now);

  // Where an earlier run of the daemon sent to, and as whom: holds for names of which nothing is known yet.
  void remember(std::span<const Collector> collectors, const std::optional<IpAddress>& agent_ip);

  // The names to look up now. Each is under way from here on, until its answer or failure.
  [[nodiscard]] std::vector<std::string> take_due(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  void answered(const std::string& name, std::span<const dns::DnsAddress> answer, MonotonicTime now);
  void failed(const std::string& name, MonotonicTime now); // addresses stay
  // Why a collector of that name cannot be sent to although the name has addresses.
  [[nodiscard]] std::optional<Error> problem(const std::string& name) const;
  void retry_failed(MonotonicTime now);

  // Those that have an address, in the order of the configuration.
  [[nodiscard]] std::vector<Collector> collectors() const;
  [[nodiscard]] std::optional<IpAddress> agent_ip() const;
  // The other addresses of the collector's name, in the order in which they are to be tried.
  [[nodiscard]] std::vector<IpAddress> others(const Collector& collector) const;
  // From now on the collector is at another of its addresses, as long as its name has that address.
  void move(const Collector& collector, const IpAddress& address);

  struct Name {
    std::vector<IpAddress> addresses;
    unsigned failures = 0; // in a row
    bool under_way = false;
    MonotonicTime due;
  };
  [[nodiscard]] const std::map<std::string, Name>& names() const { return names_; }

private:
  struct Entry {
    config::CollectorConfig config;
    std::optional<IpAddress> address; // configured, or chosen by move()
  };
  [[nodiscard]] std::optional<Collector> resolved(const Entry& entry) const;
  [[nodiscard]] std::span<const IpAddress> addresses_of(const std::string& name) const;
  void add_name(const std::string& name, std::map<std::string, Name>& old_names, MonotonicTime now);

  std::mt19937 random_;
  std::vector<Entry> entries_;
  std::string agent_host_;
  std::map<std::string, Name> names_;
};

} // namespace sfa::collectors
