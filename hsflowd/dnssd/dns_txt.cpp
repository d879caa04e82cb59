#include "dnssd/dns_txt.hpp"

#include "common/text.hpp"
#include "config/options.hpp"

#include <array>
#include <utility>

namespace sfa::dnssd {

namespace {

using Severity = config::Diagnostic::Severity;

// Zones may use these keys of the shared file, too.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOtherNames{
    {{"header", "headerBytes"}, {"datagram", "datagramBytes"}}};

std::string_view option_name(std::string_view key) {
  for (const auto& [other, name] : kOtherNames) {
    if (equal_ignoring_case(other, key)) {
      return name;
    }
  }
  return key;
}

Result<void> set_option(config::Config& config, config::Origins& origins, const config::FoundOption& found,
                        std::string_view value, std::string_view record) {
  const config::Option& option = *found.option;
  const auto parsed = config::parse_value(option.type, value);
  if (!parsed) {
    return error_of(parsed);
  }
  // A zone may prefer addresses of a host; only the host itself may exclude one.
  const auto* cidr = std::get_if<config::AgentCidr>(&*parsed);
  if (cidr != nullptr && cidr->exclude) {
    return failure("found `{}`, expected `address/prefix length`", printable(value));
  }
  std::string path = config::option_key(option, found.family_name);
  if (option.repeatable()) {
    path += fmt::format("[{}]", option.access.get(config, 0).size());
  }
  const config::Origin origin{.kind = config::Origin::Kind::dns, .text = std::string(record)};
  const auto before = origins.find(path);
  if (before != origins.end() && before->second == origin) {
    return failure("appears more than once; the first one counts"); // RFC 6763, section 6.4
  }
  option.access.set(config, *parsed, found.family_name);
  origins[path] = origin;
  return {};
}

// `IP`, `IP/PORT`, `IP/PORT/DEVICE` or `IP/PORT/DEVICE/NAMESPACE`; an empty part counts as absent.
Result<void> add_collector(config::Config& config, config::Origins& origins, std::string_view value,
                           std::string_view record) {
  constexpr std::array<std::string_view, 4> kParts{"ip", "UDPPort", "dev", "namespace"};
  config::Config changed = config;
  changed.collectors.emplace_back();
  std::size_t at = 0;
  while (at < kParts.size()) {
    const auto part = value.substr(0, value.find('/'));
    if (at == 0 || !part.empty()) {
      const config::Option& option = *config::find_option("collector", kParts[at])->option;
      const auto parsed = config::parse_value(option.type, part);
      if (!parsed) {
        return error_of(parsed, option.name);
      }
      option.access.set(changed, *parsed, "");
    }
    ++at;
    if (part.size() == value.size()) {
      value = {};
      break;
    }
    value.remove_prefix(part.size() + 1);
  }
  if (!value.empty()) {
    return failure("found more than four parts, expected `ip/port/device/namespace`");
  }
  origins[fmt::format("collector[{}].ip", config.collectors.size())] = {.kind = config::Origin::Kind::dns,
                                                                        .text = std::string(record)};
  config = std::move(changed);
  return {};
}

} // namespace

std::optional<config::Diagnostic> set_from_dns_txt(config::Config& config, config::Origins& origins,
                                                   std::string_view text, std::string_view record) {
  const auto problem = [&](Severity severity, std::string message) {
    return config::Diagnostic{severity, std::string(record), {}, std::move(message)};
  };
  const auto equals = text.find('=');
  const auto key = text.substr(0, equals);
  if (equals == text.npos || key.empty()) {
    return problem(Severity::error, fmt::format("found `{}`, expected `key=value`", printable(text)));
  }
  const auto value = text.substr(equals + 1);
  if (equal_ignoring_case(key, "txtvers")) {
    return value == "1"
               ? std::nullopt
               : std::optional(
                     problem(Severity::error, fmt::format("txtvers: found `{}`, expected `1`; the other keys "
                                                          "are taken as those of version 1",
                                                          printable(value))));
  }
  if (const auto* ignored = config::find_ignored("", key)) {
    return problem(Severity::warning,
                   fmt::format("`{}` is not supported by this build, ignored", ignored->name));
  }
  if (equal_ignoring_case(key, "collector")) {
    const auto added = add_collector(config, origins, value, record);
    return added ? std::nullopt
                 : std::optional(problem(Severity::error, added.error().in("collector").message));
  }
  const auto found = config::find_option("", option_name(key));
  if (!found || !found->option->in_dns_txt() || found->alias != nullptr) {
    return problem(Severity::warning, fmt::format("unknown key `{}`, ignored", printable(key)));
  }
  const auto set = set_option(config, origins, *found, value, record);
  return set ? std::nullopt : std::optional(problem(Severity::error, set.error().in(printable(key)).message));
}

} // namespace sfa::dnssd
