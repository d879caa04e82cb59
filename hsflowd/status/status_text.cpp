#include "status/status.hpp"

#include <algorithm>

namespace sfa::status {

namespace {

using namespace std::chrono_literals;

// In the two largest units.
std::string text_of(std::chrono::milliseconds duration) {
  const auto units = [&](auto unit) { return duration / unit; };
  if (duration < 1min) {
    return fmt::format("{}.{} s", units(1s), duration % 1s / 100ms);
  }
  if (duration < 1h) {
    return fmt::format("{} min {} s", units(1min), duration % 1min / 1s);
  }
  if (duration < 24h) {
    return fmt::format("{} h {} min", units(1h), duration % 1h / 1min);
  }
  return fmt::format("{} d {} h", units(24h), duration % 24h / 1h);
}

std::string settings_text(const DaemonStatus& status) {
  const auto& [revision, origin, shared_file, sampling, polling, header_bytes, datagram_bytes] =
      status.settings;
  std::string text = revision == 0 ? fmt::format("Settings from {}, not published yet\n", origin)
                                   : fmt::format("Settings revision {} from {}, published in {}\n", revision,
                                                 origin, shared_file);
  text += sampling == 0 ? "  no packet samples" : fmt::format("  1 in {} packets", sampling);
  text += polling == 0s ? ", no counters" : fmt::format(", counters every {} s", polling.count());
  text += fmt::format(", headers of {} bytes, datagrams of up to {} bytes\n", header_bytes, datagram_bytes);
  if (status.last_reload) {
    const auto& [ago, error] = *status.last_reload;
    text += fmt::format("  last reload {} ago: {}\n", text_of(ago),
                        error.empty() ? "applied" : "refused: " + error);
  }
  return text;
}

std::string dns_sd_text(const DaemonStatus& status) {
  if (!status.dns_sd) {
    return "";
  }
  const auto& [name, answered, from_copy, age, next, problem, sets] = *status.dns_sd;
  std::string text = fmt::format("DNS-SD {}: ", name.empty() ? "in the search list" : name);
  if (!answered) {
    text += "no answer yet";
  } else {
    text += fmt::format("{} {} ago", from_copy ? "saved answer of" : "answered", text_of(age));
  }
  text += next ? fmt::format(", next query in {}\n", text_of(*next)) : ", query pending\n";
  text += problem.empty() ? "" : fmt::format("  the last query failed: {}\n", problem);
  for (const auto& [option, origin] : sets) {
    text += fmt::format("  {}: {}\n", option, origin);
  }
  return text;
}

std::string agent_text(const DaemonStatus& status) {
  return fmt::format("Sub-agent {}, agent address {}", status.sub_agent_id,
                     config::election_text(status.election));
}

std::string place_of(const CollectorStatus& status) {
  const auto& [address, port, device, network_namespace, source, name] = status.collector;
  std::string text = name.empty() ? address.to_string() : fmt::format("{} at {}", name, address.to_string());
  text += fmt::format(" port {}", port);
  text += source ? " from " + source->to_string() : "";
  text += device.empty() ? "" : " through " + device;
  text += network_namespace.empty() ? "" : " in namespace " + network_namespace;
  if (!status.others.empty()) {
    text += " (alternatives:";
    for (const auto& other : status.others) {
      text += " " + other.to_string();
    }
    text += ")";
  }
  text += status.saved_age ? fmt::format(", an address saved {} ago", text_of(*status.saved_age)) : "";
  return text;
}

std::string collectors_text(const DaemonStatus& status) {
  std::string text = status.collectors.empty() ? "Collectors: none\n" : "Collectors\n";
  for (const auto& collector : status.collectors) {
    text += fmt::format(
        "  {}: {} datagrams sent, {} errors{}\n", place_of(collector), collector.sent, collector.errors,
        collector.last_error.empty() ? "" : fmt::format(" (last error: {})", collector.last_error));
  }
  return text;
}

std::string outcome_of(const polling::SourceStatus& source) {
  if (!source.last_run) {
    return "has not run yet";
  }
  const auto cost = std::chrono::duration<double, std::milli>(source.cost).count();
  std::string text = fmt::format("{} ago, took {:.3f} ms", text_of(*source.last_run), cost);
  if (!source.error.empty()) {
    text += ", failed: " + source.error;
  } else if (!source.present) {
    text += ", not on this host";
  }
  return text;
}

std::string sources_text(const DaemonStatus& status) {
  std::size_t width = 0;
  for (const auto& source : status.sources) {
    width = std::max(width, source.name.size());
  }
  std::string text = "Polled:";
  for (const auto& [name, count] : status.data_sources) {
    text += fmt::format("{} {} {}", &name == &status.data_sources.front().name ? "" : ",", count, name);
  }
  text += "\nCounter sources\n";
  for (const auto& source : status.sources) {
    text += fmt::format("  {:{}}  {}\n", source.name, width, outcome_of(source));
  }
  return text;
}

std::string_view why_idle(const DaemonStatus& status) {
  if (status.settings.polling == 0s) {
    return "counters are off (polling = 0)";
  }
  if (status.collectors.empty() && status.dns_sd && status.dns_sd->answered) {
    return "DNS names no reachable collector";
  }
  return status.collectors.empty() ? "no collector" : "no agent address";
}

} // namespace

std::string status_text(const DaemonStatus& status) {
  std::string text = fmt::format("hsflowd {}, process {}, running for {}\n", status.version,
                                 status.process_id, text_of(status.running));
  text += settings_text(status) + dns_sd_text(status) + agent_text(status) + collectors_text(status) +
          sources_text(status);
  text += status.next_poll ? fmt::format("Next poll in {}\n", text_of(*status.next_poll))
                           : fmt::format("Next poll: none, {}\n", why_idle(status));
  for (const auto& problem : status.problems) {
    text += fmt::format("Problem: {}\n", problem);
  }
  return text;
}

std::string settings_line(const Settings& settings) {
  return fmt::format("agent {}, sampling 1 in {}, polling every {} s, {} collector(s)",
                     settings.agent_ip ? settings.agent_ip->to_string() : "unknown", settings.sampling,
                     settings.polling.count(), settings.collectors.size());
}

std::string service_line(const Settings& settings, const std::string& reload_error) {
  return settings_line(settings) +
         (reload_error.empty() ? "" : "; the last reload was refused: " + reload_error);
}

} // namespace sfa::status
