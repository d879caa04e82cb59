// Looks up the host names of collectors and of the agent, on the event loop: at the start, when their TTL
// ends and after failures. Nothing waits for it: a collector without a known address is left out.
#pragma once

#include "collectors/collector_names.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "dns/dns_client.hpp"

#include <map>
#include <string>
#include <vector>

namespace sfa::collectors {

class CollectorResolver {
public:
  // `changed` is called from the loop when a lookup changed targets() or agent_ip().
  CollectorResolver(EventLoop& loop, dns::DnsClient& dns, std::mt19937 random, Callback changed);

  // Looks up every name if one of them is new or their collectors changed. Returns whether that is so.
  bool configure(const config::Config& config);
  // See CollectorNames.
  void remember(const Settings& old) { names_.remember(old.collectors, old.agent_ip); }
  void refresh();
  void retry_failed();

  [[nodiscard]] std::vector<Target> targets() const { return names_.targets(); }
  [[nodiscard]] std::optional<IpAddress> agent_ip() const { return names_.agent_ip(); }

  // Names whose last lookup failed: "lookup of NAME: PROBLEM".
  [[nodiscard]] std::vector<std::string> problems() const;

private:
  void look_up();
  void answered(const std::string& name, const Result<std::vector<dns::DnsAddress>>& answer);

  std::vector<config::CollectorConfig> configured_;
  std::string agent_host_;
  CollectorNames names_;
  dns::DnsClient& dns_;
  Callback changed_;
  std::map<std::string, LoggedState> states_;
  std::map<std::string, dns::DnsLookup> lookups_; // by name, pending or done
  Timer due_;
};

} // namespace sfa::collectors
