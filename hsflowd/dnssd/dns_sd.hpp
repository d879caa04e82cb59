// DNS-SD in the daemon: queries DNS, provides the active answer, and saves it on disk for the next start.
// DnsSdState makes the decisions. Never waits.
#pragma once

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/state_file.hpp"
#include "config/config.hpp"
#include "dns/dns_client.hpp"
#include "dnssd/dns_sd_copy.hpp"
#include "dnssd/dns_sd_lookup.hpp"
#include "dnssd/dns_sd_state.hpp"
#include "dnssd/dns_sd_status.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sfa::dnssd {

class DnsSd {
public:
  // `changed` is called from the loop when an answer changed active().
  DnsSd(EventLoop& loop, Worker& disk, dns::DnsClient& dns, std::filesystem::path copy_file,
        std::mt19937 random, Callback changed);

  // Queries again. The active answer stays until the response. The saved answer becomes active when DNS-SD is
  // switched on.
  void configure(const config::DnsSdConfig& config);
  void servers_changed();

  // nullopt if DNS has not answered yet or DNS-SD is not configured. No services: monitoring is off.
  [[nodiscard]] const std::optional<DnsSdAnswer>& active() const { return state_.active(); }
  // Without `sets`. nullopt if DNS-SD is not configured.
  [[nodiscard]] std::optional<DnsSdStatus> status() const;

private:
  [[nodiscard]] std::vector<std::string> names();
  void load_copy();
  void ask();
  void finished(const DnsSdResult& result);
  void report(DnsSdState::Outcome outcome, const DnsSdResult& result);
  void save_copy();
  void arm();

  dns::DnsClient& dns_;
  StateFile copy_file_;
  Callback changed_;
  config::DnsSdConfig config_;
  std::mt19937 random_;
  DnsSdState state_;
  LoggedState asking_{"DNS-SD"};
  LoggedState saving_{"DNS-SD: saving the answer"};
  LineLimit answer_lines_;
  std::optional<DnsSdCopy> copy_; // on disk, or on the way to it
  bool from_copy_ = false;
  MonotonicTime answered_at_; // may be before the boot: the saved answer may be older
  Timer due_;
  std::optional<DnsSdLookup> lookup_;
};

} // namespace sfa::dnssd
