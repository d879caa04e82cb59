// hsflowd dnssd: what hosts would see in DNS, and what is wrong with it, before a zone goes live.
#pragma once

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace sfa::commands {

struct DnssdOptions {
  std::string domain; // empty = that of the configuration file, else the resolver's search list
  std::string server; // "ADDRESS[:PORT]"; empty = those of resolv.conf
  double timeout_seconds = 10;
};

void add_dnssd_options(CLI::App& command, DnssdOptions& options);

// The records go to standard output and problems to standard error. Returns the exit status: 1 when one of
// them is an error, or when there is no answer in time.
[[nodiscard]] int dnssd(const DnssdOptions& options, const std::filesystem::path& config_file);

} // namespace sfa::commands
