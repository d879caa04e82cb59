#include "config/dns_txt.hpp"

#include "common/text.hpp"
#include "config/options.hpp"

namespace sfa {

Result<void> set_from_dns_txt(Config& config, Origins& origins, std::string_view key, std::string_view value,
                              std::string_view record) {
  const auto found = find_option("", key);
  if (!found || !found->option->in_dns_txt() || found->alias != nullptr) {
    return failure("found the key `{}`, expected one that DNS may set", printable(key));
  }
  const Option& option = *found->option;
  const auto parsed = parse_value(option.type, value);
  if (!parsed) {
    return tl::unexpected(parsed.error().in(printable(key)));
  }
  // A zone steers the choice among a host's addresses; only the host itself may forbid one.
  const auto* cidr = std::get_if<AgentCidr>(&*parsed);
  if (cidr != nullptr && cidr->exclude) {
    return failure("{}: found `{}`, expected `address/prefix length`", printable(key), printable(value));
  }
  std::string path = option_key(option, found->family_name);
  if (option.repeatable()) {
    path += fmt::format("[{}]", option.access.get(config, 0).size());
  }
  option.access.set(config, *parsed, found->family_name);
  origins[path] = {.kind = Origin::Kind::dns, .text = std::string(record)};
  return {};
}

} // namespace sfa
