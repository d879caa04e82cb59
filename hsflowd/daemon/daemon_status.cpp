// The status of the daemon, collected from its parts.
#include "common/version.hpp"
#include "daemon/daemon.hpp"

#include <algorithm>
#include <iterator>
#include <unistd.h>

namespace sfa::daemon {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::vector<status::CollectorStatus> collector_status(const collectors::Exporter& exporter,
                                                      const collectors::CollectorResolver& resolver) {
  std::vector<status::CollectorStatus> result;
  for (auto& [collector, others, sent, errors, last_error] : exporter.status()) {
    result.push_back({.collector = collector,
                      .sent = sent,
                      .errors = errors,
                      .last_error = last_error,
                      .others = others,
                      .saved_age = resolver.saved_age(collector.name)});
  }
  return result;
}

std::vector<dnssd::DnsSetting> dns_settings(const config::Origins& origins) {
  std::vector<dnssd::DnsSetting> result;
  for (const auto& [option, origin] : origins) {
    if (origin.kind == config::Origin::Kind::dns) {
      result.push_back({.option = option, .origin = origin.to_string()});
    }
  }
  return result;
}

} // namespace

status::DaemonStatus Daemon::status() const {
  const auto now = std::chrono::steady_clock::now();
  status::DaemonStatus status{.version = kVersion,
                              .process_id = getpid(),
                              .running = duration_cast<milliseconds>(now - started_),
                              .settings = {.revision = auto_file_.revision(),
                                           .origin = options_.config_file.native(),
                                           .shared_file = auto_file_.path(),
                                           .sampling = settings_.sampling,
                                           .polling = settings_.polling,
                                           .header_bytes = settings_.header_bytes,
                                           .datagram_bytes = settings_.datagram_bytes},
                              .last_reload = {},
                              .dns_sd = dns_sd_.status(),
                              .sub_agent_id = config_.sub_agent_id,
                              .election = agent_address_.election(),
                              .collectors = collector_status(exporter_, collectors_),
                              .data_sources = agent_.data_sources(),
                              .sources = agent_.sources(now),
                              .next_poll = {},
                              .problems = problems()};
  if (const auto& answer = dns_sd_.active()) {
    status.settings.origin += " and DNS record " + answer->name;
  }
  if (status.dns_sd) {
    status.dns_sd->sets = dns_settings(origins_);
  }
  if (last_reload_) {
    status.last_reload = {.ago = duration_cast<milliseconds>(now - last_reload_->at),
                          .error = last_reload_->error};
  }
  if (const auto due = agent_.next_poll()) {
    status.next_poll = duration_cast<milliseconds>(std::max(*due, now) - now);
  }
  return status;
}

std::vector<std::string> Daemon::problems() const {
  std::vector<std::string> result;
  std::vector<const LoggedState*> states = agent_address_.states();
  states.insert(states.end(), {&resolving_, &auto_file_.state(), &agent_.packing()});
  for (const auto* state : states) {
    if (!state->failure_text().empty()) {
      result.push_back(fmt::format("{}: {}", state->subject(), state->failure_text()));
    }
  }
  std::ranges::move(collectors_.problems(), std::back_inserter(result));
  for (const auto& problem : record_problems_) {
    result.push_back("DNS record " + problem.to_string());
  }
  return result;
}

} // namespace sfa::daemon
