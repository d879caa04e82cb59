#include "commands/show.hpp"

#include "collectors/collector_resolver.hpp"
#include "commands/check.hpp"
#include "commands/command.hpp"
#include "commands/yaml_scalar.hpp"
#include "common/text.hpp"
#include "config/agent_address.hpp"
#include "config/options.hpp"
#include "daemon/agent_address.hpp"
#include "daemon/daemon_options.hpp"
#include "dnssd/dns_sd_copy.hpp"
#include "dnssd/dns_sd_merge.hpp"
#include "netlink/host_addresses.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <sysexits.h>
#include <utility>

namespace sfa::commands {

namespace {

class Show {
public:
  explicit Show(const config::LoadedConfig& loaded)
      : config_(*loaded.config), origins_(loaded.origins), ignored_(loaded.ignored) {}

  std::string text() {
    options("", "", 0, "");
    for (const auto& section : config::all_sections()) {
      show_section(section);
    }
    show_ignored();
    return std::move(text_);
  }

private:
  void show_section(const config::SectionRow& section) {
    const std::string_view key = section.plural.empty() ? section.name : section.plural;
    const std::size_t count = section.count_in(config_);
    if (count == 0) {
      fmt::format_to(out(), "# {}: not set\n", key);
      return;
    }
    const auto set = origins_.find(std::string(section.name));
    fmt::format_to(out(), "{}:{}\n", key, set == origins_.end() ? "" : " # " + set->second.to_string());
    for (std::size_t i = 0; i < count; ++i) {
      options(section.name, section.origin_path(i), i, section.repeatable() ? "  - " : "  ");
    }
  }

  void options(std::string_view section, const std::string& origin_path, std::size_t index,
               std::string indent) {
    for (const auto& option : config::all_options()) {
      if (option.section != section || option.deprecated()) {
        continue;
      }
      const auto values = option.access.get(config_, index);
      if (values.empty()) {
        fmt::format_to(out(), "{:{}}# {}: not set\n", "", indent.size(), option.name);
        continue;
      }
      show_option(option, values, origin_path, indent);
      std::ranges::replace(indent, '-', ' '); // only the first option has the dash of the list
    }
  }

  void show_option(const config::Option& option, const std::vector<config::NamedValue>& values,
                   const std::string& origin_path, const std::string& indent) {
    if (option.repeatable()) {
      fmt::format_to(out(), "{}{}:\n", indent, option.name);
      for (std::size_t i = 0; i < values.size(); ++i) {
        fmt::format_to(out(), "{}  - {} # {}\n", indent, scalar(option, values[i].value),
                       origin(fmt::format("{}[{}]", config::join_path(origin_path, option.name), i)));
      }
      return;
    }
    for (const auto& [name, value] : values) {
      const std::string key = config::option_key(option, name);
      fmt::format_to(out(), "{}{}: {} # {}\n", indent, key, scalar(option, value),
                     origin(config::join_path(origin_path, key)));
    }
  }

  void show_ignored() {
    text_ += ignored_.empty() ? "" : "# ignored, not supported by this build:\n";
    for (const auto& [path, origin] : ignored_) {
      fmt::format_to(out(), "#   {} # {}\n", path, origin.to_string());
    }
  }

  static std::string scalar(const config::Option& option, const config::Value& value) {
    return yaml_scalar(config::format_value(value), option.type.is_text());
  }

  [[nodiscard]] std::string origin(const std::string& path) const {
    const auto found = origins_.find(path);
    return found == origins_.end() ? "default" : found->second.to_string();
  }

  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }

  const config::Config& config_;
  const config::Origins& origins_;
  const std::vector<config::Ignored>& ignored_;
  std::string text_;
};

// Adds the saved DNS answer to the configuration. Returns comments about it. Sends no query.
std::string merge_saved_answer(config::LoadedConfig& loaded, const std::filesystem::path& state_dir) {
  if (!loaded.config->dns_sd.on) {
    return "";
  }
  const auto copy = dnssd::read_dns_sd_copy(state_dir / dnssd::kDnsSdCopyName);
  if (!copy) {
    return fmt::format("# DNS-SD: {}\n", copy.error().message);
  }
  const config::DnsSdConfig& config = loaded.config->dns_sd;
  if (!*copy || !dnssd::is_usable((*copy)->answer, config)) {
    return "# DNS-SD: no saved answer; `hsflowd dnssd` queries DNS\n";
  }
  dnssd::MergedConfig merged = dnssd::merge_dns_sd(*loaded.config, loaded.origins, (*copy)->answer);
  loaded.config = std::move(merged.config);
  loaded.origins = std::move(merged.origins);
  const auto age = std::chrono::system_clock::now() - (*copy)->answered_at;
  std::string text = fmt::format("# DNS-SD: using the saved answer for {} ({} s old)\n", (*copy)->answer.name,
                                 std::chrono::duration_cast<std::chrono::seconds>(age).count());
  for (const auto& problem : merged.problems) {
    text += fmt::format("# DNS record {}\n", problem.to_string());
  }
  return text;
}

// Names have their saved addresses. Sends no query.
std::string election_comments(const config::Config& config, const daemon::DaemonOptions& options) {
  std::optional<netlink::Links> links;
  std::string problems;
  collectors::CollectorNames names{std::mt19937()};
  names.configure(config.collectors, config.agent_host, MonotonicTime());
  if (const auto known = collectors::read_known_names(options.state_dir / collectors::kSavedNamesName)) {
    names.remember(*known);
  } else {
    problems += fmt::format("# addresses of names: {}\n", known.error().message);
  }
  std::vector<Collector> collectors;
  std::ranges::transform(names.targets(), std::back_inserter(collectors), &collectors::Target::collector);
  const auto addresses = netlink::read_host_addresses(links);
  const auto sources = daemon::source_addresses(collectors);
  if (!addresses || !*addresses || !sources) {
    return "";
  }
  config::AgentElector elector;
  const auto elected = daemon::read_elected(options.state_dir / daemon::kAgentAddressName,
                                            daemon::saved_for(options.machine_id));
  if (!elected) {
    problems +=
        fmt::format("# agent address: {}; the daemon may have another one\n", elected.error().message);
  } else if (*elected) {
    elector.remember(**elected);
  }
  config::Config with_agent = config;
  if (!config.agent_host.empty()) {
    with_agent.agent_ip = names.agent_ip();
  }
  const std::string shown = config::election_text(
      elector.elect(with_agent, **addresses, *sources, std::chrono::steady_clock::now()));
  std::string text; // comments, so that the output is still a configuration
  for (const auto line : lines(shown)) {
    text += fmt::format("# {}\n", line);
  }
  return problems + text;
}

int show(const std::filesystem::path& file, const daemon::DaemonOptions& daemon) {
  config::LoadedConfig loaded = load_and_report(file.empty() ? daemon.config_file : file);
  if (!loaded.config) {
    return EX_CONFIG;
  }
  if (!daemon.uuid.empty()) {
    loaded.config->uuid = daemon.uuid;
    loaded.origins["uuid"] = {.kind = config::Origin::Kind::command_line, .text = "--uuid"};
  }
  const std::string about_dns = merge_saved_answer(loaded, daemon.state_dir);
  fmt::print("{}{}{}", show_config(loaded), about_dns, election_comments(*loaded.config, daemon));
  return EXIT_SUCCESS;
}

} // namespace

std::string show_config(const config::LoadedConfig& loaded) {
  return loaded.config ? Show(loaded).text() : "";
}

Run prepare_show(OptionList& list, const daemon::DaemonOptions& daemon) {
  const auto file = std::make_shared<std::filesystem::path>();
  list.add("FILE", *file, "Configuration file (default: that of --config)");
  return [file, &daemon] { return show(*file, daemon); };
}

} // namespace sfa::commands
