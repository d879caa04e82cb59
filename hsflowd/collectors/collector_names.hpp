// The host names in the configuration (of collectors, and of the agent): their addresses, and when to look
// each name up again. Pure: time and randomness are arguments, and CollectorResolver does the lookups.
#pragma once

#include "collectors/target.hpp"
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

// Limit of the addresses kept from one DNS answer.
inline constexpr std::size_t kMaxAddresses = 16;

// The addresses of an answer without repetition. Known addresses come first, in their old order: servers
// rotate their answers, and a collector must not move with each rotation.
[[nodiscard]] std::vector<IpAddress> merge(std::span<const IpAddress> known,
                                           std::span<const dns::DnsAddress> answer);

// What DNS said about a name, as it is saved.
struct KnownName {
  std::string name;
  std::vector<IpAddress> addresses;
  std::chrono::sys_seconds answered_at; // wall clock: it is from another run

  bool operator==(const KnownName&) const = default;
};

// `before` with a new answer, which comes first: at most kMaxKnownNames, so that the oldest ones drop out.
inline constexpr std::size_t kMaxKnownNames = 64;
[[nodiscard]] std::vector<KnownName> merge_known(KnownName now, std::vector<KnownName> before);

class CollectorNames {
public:
  // `random` spreads the lookups of hosts that share a caching server: its entry expires for all at once.
  explicit CollectorNames(std::mt19937 random) : random_(random) {}

  // Every name is due now. Names that stay keep their addresses. `agent_host` is empty if the agent address
  // is not configured by name.
  void configure(const std::vector<config::CollectorConfig>& collectors, const std::string& agent_host,
                 MonotonicTime now);

  // What an earlier run knew: names without an address take theirs from it, until DNS answers. Returns those
  // that did.
  std::vector<KnownName> remember(const std::vector<KnownName>& known);

  // The names to look up now. Each counts as pending until answered() or failed().
  [[nodiscard]] std::vector<std::string> take_due(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  void answered(const std::string& name, std::span<const dns::DnsAddress> answer, MonotonicTime now);
  void failed(const std::string& name, MonotonicTime now); // addresses stay
  // Why a collector of that name cannot be used although the name has addresses.
  [[nodiscard]] std::optional<Error> problem(const std::string& name) const;
  void refresh(MonotonicTime now);      // every name is due
  void retry_failed(MonotonicTime now); // names whose last lookup failed are due

  // The collectors with a known address, in the order of the configuration.
  [[nodiscard]] std::vector<Target> targets() const;
  [[nodiscard]] std::optional<IpAddress> agent_ip() const;

  struct Name {
    std::vector<IpAddress> addresses;
    unsigned failures = 0; // in a row
    bool pending = false;  // a lookup
    MonotonicTime due;
    std::optional<std::chrono::sys_seconds> saved_at =
        {}; // when they were answered, if that was in an earlier run
  };
  [[nodiscard]] const std::map<std::string, Name>& names() const { return names_; }

private:
  [[nodiscard]] std::span<const IpAddress> addresses_of(const std::string& name) const;
  void add_name(const std::string& name, std::map<std::string, Name>& old_names, MonotonicTime now);

  std::mt19937 random_;
  std::vector<config::CollectorConfig> collectors_;
  std::string agent_host_;
  std::map<std::string, Name> names_;
};

} // namespace sfa::collectors
