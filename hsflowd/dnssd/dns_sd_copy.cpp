#include "dnssd/dns_sd_copy.hpp"

#include "common/file.hpp"
#include "common/json.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace sfa::dnssd {

namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMaxBytes = 1 << 20;

DnsSdCopy parse_document(const Json& json) {
  if (json.at("version") != kVersion) {
    throw std::runtime_error("written by another version");
  }
  using std::chrono::system_clock;
  constexpr auto kLatest = std::chrono::floor<std::chrono::seconds>(system_clock::time_point::max());
  DnsSdCopy copy;
  copy.answered_at =
      std::chrono::sys_seconds(std::chrono::seconds(json.at("answered_at").get<std::int64_t>()));
  if (copy.answered_at < std::chrono::sys_seconds{} || copy.answered_at > kLatest) {
    throw std::runtime_error("impossible time in `answered_at`");
  }
  copy.answer.name = json.at("name");
  copy.answer.authenticated = json.at("authenticated");
  for (const auto& service : json.at("services")) {
    copy.answer.services.push_back({.priority = service.at("priority"),
                                    .weight = service.at("weight"),
                                    .port = service.at("port"),
                                    .target = service.at("target")});
  }
  copy.answer.texts = json.at("texts");
  return copy;
}

} // namespace

std::string format_dns_sd_copy(const DnsSdCopy& copy) {
  Json services = Json::array();
  for (const auto& [priority, weight, port, target] : copy.answer.services) {
    services.push_back({{"priority", priority}, {"weight", weight}, {"port", port}, {"target", target}});
  }
  const Json json = {{"version", kVersion},
                     {"answered_at", copy.answered_at.time_since_epoch().count()},
                     {"name", copy.answer.name},
                     {"authenticated", copy.answer.authenticated},
                     {"services", std::move(services)},
                     {"texts", copy.answer.texts}};
  // No option can use a text that is not UTF-8.
  return format_json(json);
}

Result<DnsSdCopy> parse_dns_sd_copy(std::string_view text) {
  try {
    DnsSdCopy copy = parse_document(parse_json(text));
    // The parser truncates numbers that are out of range and skips unknown members.
    if (format_dns_sd_copy(copy) != text) {
      return failure("not written by hsflowd");
    }
    return copy;
  } catch (const std::exception& error) {
    return failure("{}", error.what());
  }
}

Result<std::optional<DnsSdCopy>> read_dns_sd_copy(const std::filesystem::path& path) {
  return parse_text(read_file(path, kMaxBytes), path.native(), parse_dns_sd_copy);
}

} // namespace sfa::dnssd
