// Keeps the addresses of collectors that are configured by name up to date: looks names up on the event loop,
// again at their TTL and after failures. Nobody waits for it; what is not known yet is left out.
#pragma once

#include "collectors/collector_names.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "dns/dns_client.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace sfa::collectors {

class CollectorResolver {
public:
  // `changed` is called from the loop whenever collectors() became different by itself.
  CollectorResolver(EventLoop& loop, dns::DnsClient& dns, std::mt19937 random, Callback changed);

  // Looks up every name anew; what is known of names that stay holds meanwhile.
  void configure(const config::Config& config);
  // See CollectorNames.
  void remember(const Settings& old) { names_.remember(old.collectors, old.agent_ip); }
  void retry_failed();

  [[nodiscard]] std::vector<Collector> collectors() const { return names_.collectors(); }
  [[nodiscard]] std::optional<IpAddress> agent_ip() const { return names_.agent_ip(); }
  [[nodiscard]] std::vector<IpAddress> others(const Collector& collector) const;
  void moved(const Collector& collector, const IpAddress& address);

  // Names whose last lookup failed: "lookup of NAME: what is wrong".
  [[nodiscard]] std::vector<std::string> problems() const;

private:
  void look_up();
  void answered(const std::string& name, const Result<std::vector<dns::DnsAddress>>& answer);

  CollectorNames names_;
  dns::DnsClient& dns_;
  Callback changed_;
  std::map<std::string, LoggedState> states_;
  std::map<std::string, dns::DnsLookup> lookups_; // by name, under way or done
  Timer due_;
  Timer moved_;
};

} // namespace sfa::collectors
