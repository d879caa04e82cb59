#include "status/status.hpp"

#include <nlohmann/json.hpp>

namespace sfa::status {

namespace {

using Json = nlohmann::ordered_json;

template <class Duration>
Json json_of(const std::optional<Duration>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}

// As text, or null for the empty one: "no error" is no error message.
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json json_of(const config::AgentElection& election) {
  Json candidates = Json::array();
  for (const auto& [at, rank, reason] : election.candidates) {
    candidates.push_back({{"address", at.address.to_string()},
                          {"device", at.device},
                          {"if_index", at.if_index},
                          {"up", at.up},
                          {"vlan", at.vlan},
                          {"slaac", at.slaac},
                          {"aliases", at.aliases},
                          {"rank", rank},
                          {"reason", reason}});
  }
  return {{"address", election.address ? Json(election.address->to_string()) : Json(nullptr)},
          {"device", text_or_null(election.device)},
          {"why", election.why},
          {"candidates", std::move(candidates)}};
}

Json texts_of(const std::vector<IpAddress>& addresses) {
  Json result = Json::array();
  for (const auto& address : addresses) {
    result.push_back(address.to_string());
  }
  return result;
}

Json json_of(const CollectorStatus& status) {
  return {{"address", status.collector.address.to_string()},
          {"port", status.collector.port},
          {"name", text_or_null(status.collector.name)},
          {"device", text_or_null(status.collector.device)},
          {"namespace", text_or_null(status.collector.network_namespace)},
          {"source", status.collector.source ? Json(status.collector.source->to_string()) : Json()},
          {"other_addresses", texts_of(status.others)},
          {"datagrams_sent", status.sent},
          {"errors", status.errors},
          {"last_error", text_or_null(status.last_error)}};
}

Json json_of(const polling::SourceStatus& status) {
  return {{"name", status.name},
          {"last_run_ms_ago", json_of(status.last_run)},
          {"cost_us", status.cost.count()},
          {"present", status.present},
          {"error", text_or_null(status.error)}};
}

Json json_of(const DataSourceCount& kind) {
  return {{"name", kind.name}, {"count", kind.count}};
}

Json json_of(const FromDns& from) {
  return {{"option", from.option}, {"origin", from.origin}};
}

template <class T>
Json json_of(const std::vector<T>& values) {
  Json array = Json::array();
  for (const auto& value : values) {
    array.push_back(json_of(value));
  }
  return array;
}

Json json_of(const std::optional<dnssd::DnsSdStatus>& dns_sd, const std::vector<FromDns>& from_dns) {
  if (!dns_sd) {
    return nullptr;
  }
  return {{"name", text_or_null(dns_sd->name)}, {"answered", dns_sd->answered},
          {"from_copy", dns_sd->from_copy},     {"age_ms", dns_sd->age.count()},
          {"next_ms", json_of(dns_sd->next)},   {"problem", text_or_null(dns_sd->problem)},
          {"sets", json_of(from_dns)}};
}

IpAddress parse_address(const Json& json) {
  const auto address = IpAddress::parse(json.get_ref<const std::string&>());
  if (!address) {
    throw std::runtime_error(address.error().message);
  }
  return *address;
}

std::optional<IpAddress> parse_source_address(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(parse_address(json));
}

std::string parse_text(const Json& json) {
  return json.is_null() ? std::string() : json.get<std::string>();
}

template <class Duration>
std::optional<Duration> parse_optional(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(Duration(json.get<std::int64_t>()));
}

config::AgentElection parse_election(const Json& json) {
  config::AgentElection election;
  if (const auto& address = json.at("address"); !address.is_null()) {
    election.address = parse_address(address);
  }
  election.device = parse_text(json.at("device"));
  election.why = json.at("why");
  for (const auto& candidate : json.at("candidates")) {
    election.candidates.push_back({.at = {.address = parse_address(candidate.at("address")),
                                          .device = candidate.at("device"),
                                          .if_index = candidate.at("if_index"),
                                          .up = candidate.at("up"),
                                          .vlan = candidate.at("vlan"),
                                          .slaac = candidate.at("slaac"),
                                          .aliases = candidate.at("aliases")},
                                   .rank = candidate.at("rank"),
                                   .reason = candidate.at("reason")});
  }
  return election;
}

CollectorStatus parse_collector(const Json& json) {
  std::vector<IpAddress> others;
  for (const auto& address : json.at("other_addresses")) {
    others.push_back(parse_address(address));
  }
  return {.collector = {.address = parse_address(json.at("address")),
                        .port = json.at("port"),
                        .device = parse_text(json.at("device")),
                        .network_namespace = parse_text(json.at("namespace")),
                        .source = parse_source_address(json.at("source")),
                        .name = parse_text(json.at("name"))},
          .sent = json.at("datagrams_sent"),
          .errors = json.at("errors"),
          .last_error = parse_text(json.at("last_error")),
          .others = std::move(others)};
}

polling::SourceStatus parse_source(const Json& json) {
  return {.name = json.at("name"),
          .last_run = parse_optional<std::chrono::milliseconds>(json.at("last_run_ms_ago")),
          .cost = std::chrono::microseconds(json.at("cost_us").get<std::int64_t>()),
          .present = json.at("present"),
          .error = parse_text(json.at("error"))};
}

DaemonStatus parse_document(const Json& json) {
  DaemonStatus status;
  status.version = json.at("version");
  status.process_id = json.at("process_id");
  status.running = std::chrono::milliseconds(json.at("running_ms").get<std::int64_t>());
  const Json& settings = json.at("settings");
  status.revision = settings.at("revision");
  status.origin = settings.at("origin");
  status.shared_file = settings.at("shared_file");
  status.sampling = settings.at("sampling");
  status.polling = std::chrono::seconds(settings.at("polling_seconds").get<std::int64_t>());
  status.header_bytes = settings.at("header_bytes");
  status.datagram_bytes = settings.at("datagram_bytes");
  if (const Json& reload = json.at("last_reload"); !reload.is_null()) {
    status.last_reload = {.ago = std::chrono::milliseconds(reload.at("ms_ago").get<std::int64_t>()),
                          .error = parse_text(reload.at("error"))};
  }
  status.sub_agent_id = json.at("sub_agent_id");
  status.election = parse_election(json.at("agent_address"));
  for (const auto& collector : json.at("collectors")) {
    status.collectors.push_back(parse_collector(collector));
  }
  for (const auto& kind : json.at("data_sources")) {
    status.data_sources.push_back({.name = kind.at("name"), .count = kind.at("count")});
  }
  for (const auto& source : json.at("sources")) {
    status.sources.push_back(parse_source(source));
  }
  if (const Json& dns_sd = json.at("dns_sd"); !dns_sd.is_null()) {
    status.dns_sd =
        dnssd::DnsSdStatus{.name = parse_text(dns_sd.at("name")),
                           .answered = dns_sd.at("answered"),
                           .from_copy = dns_sd.at("from_copy"),
                           .age = std::chrono::milliseconds(dns_sd.at("age_ms").get<std::int64_t>()),
                           .next = parse_optional<std::chrono::milliseconds>(dns_sd.at("next_ms")),
                           .problem = parse_text(dns_sd.at("problem"))};
    for (const auto& from : dns_sd.at("sets")) {
      status.from_dns.push_back({.option = from.at("option"), .origin = from.at("origin")});
    }
  }
  status.next_poll = parse_optional<std::chrono::milliseconds>(json.at("next_poll_ms"));
  status.problems = json.at("problems");
  return status;
}

} // namespace

std::string status_json(const DaemonStatus& status) {
  Json reload = nullptr;
  if (status.last_reload) {
    reload = {{"ms_ago", status.last_reload->ago.count()},
              {"error", text_or_null(status.last_reload->error)}};
  }
  const Json json = {{"version", status.version},
                     {"process_id", status.process_id},
                     {"running_ms", status.running.count()},
                     {"settings",
                      {{"revision", status.revision},
                       {"origin", status.origin},
                       {"shared_file", status.shared_file},
                       {"sampling", status.sampling},
                       {"polling_seconds", status.polling.count()},
                       {"header_bytes", status.header_bytes},
                       {"datagram_bytes", status.datagram_bytes}}},
                     {"last_reload", std::move(reload)},
                     {"dns_sd", json_of(status.dns_sd, status.from_dns)},
                     {"sub_agent_id", status.sub_agent_id},
                     {"agent_address", json_of(status.election)},
                     {"collectors", json_of(status.collectors)},
                     {"data_sources", json_of(status.data_sources)},
                     {"sources", json_of(status.sources)},
                     {"next_poll_ms", json_of(status.next_poll)},
                     {"problems", status.problems}};
  // File names and interface aliases need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<DaemonStatus> parse_status(std::string_view json) {
  try {
    return parse_document(Json::parse(json));
  } catch (const std::exception& error) {
    return failure("not a status: {}", error.what());
  }
}

} // namespace sfa::status
