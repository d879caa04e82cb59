// DNS-SD in the daemon: keeps an answer in force as long as it is good for anything, asks again when it is
// time, and keeps a copy on disk. Decides nothing itself (DnsSdState) and never waits.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "config/config.hpp"
#include "dns/dns_client.hpp"
#include "dnssd/dns_sd_copy.hpp"
#include "dnssd/dns_sd_lookup.hpp"
#include "dnssd/dns_sd_state.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sfa::dnssd {

struct DnsSdStatus {
  std::string name;                              // of the records; empty while only the search list knows
  bool answered = false;                         // something is in force
  bool from_copy = false;                        // and it is the copy of an earlier run
  std::chrono::milliseconds age{0};              // of the answer in force
  std::optional<std::chrono::milliseconds> next; // question in so long; nothing = one is under way
  std::string problem;                           // why the last question had no answer; empty = it had one

  bool operator==(const DnsSdStatus&) const = default;
};

class DnsSd {
public:
  // `changed` is called from the loop whenever in_force() became different by itself.
  DnsSd(EventLoop& loop, dns::DnsClient& dns, std::filesystem::path copy_file, std::mt19937 random,
        Callback changed);

  // Asks anew, with what is in force staying until there is an answer. At the first time with DNS-SD on, the
  // copy comes into force.
  void configure(const config::DnsSdConfig& config);
  void servers_changed();

  // Nothing: not known yet, or DNS-SD is not configured. No services: monitoring is off.
  [[nodiscard]] const std::optional<DnsSdAnswer>& in_force() const { return state_.in_force(); }
  // Nothing: DNS-SD is not configured.
  [[nodiscard]] std::optional<DnsSdStatus> status() const;

private:
  [[nodiscard]] std::vector<std::string> names();
  void load_copy();
  void ask();
  void concluded(const DnsSdResult& result);
  void tell(DnsSdState::Outcome outcome, const DnsSdResult& result);
  void keep_copy();
  void arm();

  dns::DnsClient& dns_;
  std::filesystem::path copy_file_;
  Callback changed_;
  config::DnsSdConfig config_;
  std::mt19937 random_;
  DnsSdState state_;
  LoggedState asking_{"DNS-SD"};
  LoggedState copying_{"DNS-SD: copy of the answer"};
  std::optional<DnsSdCopy> copy_; // as it is on disk
  bool from_copy_ = false;
  MonotonicTime answered_at_; // before the start of the system, if the copy is older
  Timer due_;
  std::optional<DnsSdLookup> lookup_;
};

} // namespace sfa::dnssd
