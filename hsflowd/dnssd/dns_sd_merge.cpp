#include "dnssd/dns_sd_merge.hpp"

#include "config/options.hpp"
#include "dnssd/dns_txt.hpp"

#include <algorithm>
#include <utility>

namespace sfa::dnssd {

namespace {

class Merge {
public:
  Merge(const config::Config& file, const config::Origins& origins, const DnsSdAnswer& answer)
      : answer_(answer), merged_{.config = file, .origins = origins, .problems = {}} {}

  MergedConfig merge() {
    forget("collector");
    merged_.config.collectors.clear();
    for (const auto& service : answer_.services) {
      add_collector(service);
    }
    const auto file_cidrs = std::exchange(merged_.config.agent_cidrs, {});
    const auto file_origins = merged_.origins;
    forget("agent.cidr");
    for (const auto& text : answer_.texts) {
      if (auto problem = set_from_dns_txt(merged_.config, merged_.origins, text, answer_.name + " TXT")) {
        merged_.problems.push_back(*std::move(problem));
      }
    }
    restore_cidrs(file_cidrs, file_origins);
    if (answer_.services.empty()) { // off, even if TXT has collectors
      forget("collector");
      merged_.config.collectors.clear();
    }
    return std::move(merged_);
  }

private:
  // The origins of "collector", "collector[0].ip" and so on.
  void forget(std::string_view path) {
    std::erase_if(merged_.origins, [&](const auto& item) {
      const std::string& key = item.first;
      return key.starts_with(path) &&
             (key.size() == path.size() || key[path.size()] == '[' || key[path.size()] == '.');
    });
  }

  void add_collector(const dns::DnsSrv& service) {
    const std::string record = answer_.name + " SRV";
    const auto collector = collector_of(service);
    auto& collectors = merged_.config.collectors;
    if (!collector) {
      say(record, collector.error().message);
    } else if (std::ranges::find(collectors, *collector) != collectors.end()) {
      say(record, fmt::format("target {} port {} appears more than once; it gets one copy", service.target,
                              service.port));
    } else {
      const std::string path = fmt::format("collector[{}].", collectors.size());
      for (const auto* option : {"ip", "UDPPort"}) {
        merged_.origins[path + option] = {.kind = config::Origin::Kind::dns, .text = record};
      }
      collectors.push_back(*collector);
    }
  }

  // Exclusions come first: the first prefix that contains an address decides.
  void restore_cidrs(const std::vector<config::AgentCidr>& file_cidrs, const config::Origins& file_origins) {
    auto dns_cidrs = std::exchange(merged_.config.agent_cidrs, {});
    std::vector<config::Origin> origins;
    for (std::size_t i = 0; i < file_cidrs.size(); ++i) {
      if (dns_cidrs.empty() || file_cidrs[i].exclude) {
        merged_.config.agent_cidrs.push_back(file_cidrs[i]);
        const auto found = file_origins.find(fmt::format("agent.cidr[{}]", i));
        origins.push_back(found == file_origins.end() ? config::Origin{} : found->second);
      }
    }
    for (auto& cidr : dns_cidrs) {
      merged_.config.agent_cidrs.push_back(cidr);
      origins.push_back({.kind = config::Origin::Kind::dns, .text = answer_.name + " TXT"});
    }
    forget("agent.cidr");
    for (std::size_t i = 0; i < origins.size(); ++i) {
      merged_.origins[fmt::format("agent.cidr[{}]", i)] = origins[i];
    }
  }

  void say(const std::string& record, std::string message) {
    merged_.problems.push_back({config::Diagnostic::Severity::error, record, {}, std::move(message)});
  }

  const DnsSdAnswer& answer_;
  MergedConfig merged_;
};

} // namespace

MergedConfig merge_dns_sd(const config::Config& file, const config::Origins& origins,
                          const DnsSdAnswer& answer) {
  return Merge(file, origins, answer).merge();
}

} // namespace sfa::dnssd
