// Looks up the host names of collectors and of the agent, on the event loop: at the start, when their TTL
// ends and after failures. Nothing waits for it: a collector without a known address is left out.
#pragma once

#include "collectors/collector_names.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/state_file.hpp"
#include "dns/dns_client.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sfa::collectors {

inline constexpr const char* kSavedNamesName = "addresses.json"; // in the state directory

// Empty if the file does not exist.
[[nodiscard]] Result<std::vector<KnownName>> read_known_names(const std::filesystem::path& file);

class CollectorResolver {
public:
  // `changed` is called from the loop when a lookup changed targets() or agent_ip(). The last addresses of
  // each name are saved in `file`: after a reboot without DNS, names have those.
  CollectorResolver(EventLoop& loop, Worker& disk, dns::DnsClient& dns, std::mt19937 random,
                    std::filesystem::path file, Callback changed);

  // Looks up every name if one of them is new or their collectors changed.
  void configure(const config::Config& config);
  void refresh();
  void retry_failed();

  [[nodiscard]] std::vector<Target> targets() const { return names_.targets(); }
  [[nodiscard]] std::optional<IpAddress> agent_ip() const { return names_.agent_ip(); }

  // Names whose last lookup failed: "lookup of NAME: PROBLEM".
  [[nodiscard]] std::vector<std::string> problems() const;
  // How old the addresses of a name are if they are from an earlier run.
  [[nodiscard]] std::optional<std::chrono::seconds> saved_age(const std::string& name) const;

private:
  void look_up();
  void remember();
  void save(const std::string& name);
  void answered(const std::string& name, const Result<std::vector<dns::DnsAddress>>& answer);

  std::vector<config::CollectorConfig> configured_;
  std::string agent_host_;
  CollectorNames names_;
  StateFile file_;
  std::vector<KnownName> saved_; // as in the file, or on the way to it
  bool is_saved_ = true;         // false after it could not be written
  LoggedState saving_{"saving addresses of names"};
  dns::DnsClient& dns_;
  Callback changed_;
  std::map<std::string, LoggedState> states_;
  std::map<std::string, dns::DnsLookup> lookups_; // by name, pending or done
  Timer due_;
};

} // namespace sfa::collectors
