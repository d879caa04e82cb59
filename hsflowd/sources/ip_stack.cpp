#include "sources/ip_stack.hpp"

#include "common/text.hpp"

#include <algorithm>
#include <cctype>

namespace sfa {

namespace {

constexpr std::string_view kFile = "proc/net/snmp";

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::optional<std::uint64_t> parse_counter(std::string_view word) {
  if (word.starts_with('-')) {
    const auto value = parse_number<std::int64_t>(word);
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }
  return parse_number<std::uint64_t>(word);
}

Result<SnmpGroup> parse_pair(std::string_view names_line, std::string_view values_line) {
  const auto names = split(names_line);
  const auto values = split(values_line);
  if (names.size() != values.size() || names.empty() || names[0] != values[0]) {
    return failure("'{}' does not have a value for each of '{}'", printable(values_line),
                   printable(names_line));
  }
  SnmpGroup group;
  for (std::size_t i = 1; i < names.size(); ++i) {
    const auto value = parse_counter(values[i]);
    if (!value) {
      return failure("{}: '{}' is not a counter", printable(names[i]), printable(values[i]));
    }
    group[lower_case(names[i])] = *value;
  }
  return group;
}

template <class Block>
class SnmpSource final : public CounterSource {
public:
  explicit SnmpSource(std::string_view group) : group_(group) {}

  [[nodiscard]] std::string_view name() const override { return Block::kName; }

  [[nodiscard]] Result<std::optional<CounterBlock>> read(const SysRoot& root) override {
    const auto text = root.read(kFile);
    if (!text) {
      return tl::unexpected(text.error());
    }
    if (!*text) {
      return std::nullopt;
    }
    const auto group = parse_snmp_group(**text, group_);
    if (!group) {
      return tl::unexpected(group.error().in(kFile));
    }
    if (!*group) {
      return std::nullopt;
    }
    Block block;
    Block::fields(block, [&](std::string_view field, std::uint32_t& value) {
      if (const auto found = (*group)->find(snmp_column(field)); found != (*group)->end()) {
        value = static_cast<std::uint32_t>(found->second); // modulo 2^32, as Counter32
      }
    });
    return block;
  }

private:
  std::string_view group_;
};

} // namespace

Result<std::optional<SnmpGroup>> parse_snmp_group(std::string_view text, std::string_view group) {
  const std::string prefix = std::string(group) + ":";
  const auto all = lines(text);
  const auto of_group = [&](std::string_view line) { return line.starts_with(prefix); };
  const auto names = std::ranges::find_if(all, of_group);
  if (names == all.end()) {
    return std::nullopt;
  }
  if (names + 1 == all.end()) {
    return failure("{}: no line with values", group);
  }
  return parse_pair(names[0], names[1]).map([](SnmpGroup values) { return std::optional(values); });
}

std::string snmp_column(std::string_view field) {
  std::string column(field.substr(std::min(field.find('_'), field.size())));
  std::erase(column, '_');
  return column;
}

std::vector<std::unique_ptr<CounterSource>> make_ip_stack_sources() {
  std::vector<std::unique_ptr<CounterSource>> sources;
  sources.push_back(std::make_unique<SnmpSource<Mib2Ip>>("Ip"));
  sources.push_back(std::make_unique<SnmpSource<Mib2Icmp>>("Icmp"));
  sources.push_back(std::make_unique<SnmpSource<Mib2Tcp>>("Tcp"));
  sources.push_back(std::make_unique<SnmpSource<Mib2Udp>>("Udp"));
  return sources;
}

} // namespace sfa
