#include "sources/ip_stack.hpp"

#include "common/text.hpp"
#include "host/continuous_total.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sfa::sources {

namespace {

constexpr std::string_view kFile = "proc/net/snmp";

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
    group[to_lower(names[i])] = *value;
  }
  return group;
}

// The file is read once for all groups: the kernel sums up every one of its counters over all CPUs at each
// reading. A group that comes for the second time wants it read anew.
class SharedFile {
public:
  [[nodiscard]] Result<std::optional<std::string>> read(const host::SysRoot& root, std::string_view group) {
    if (!text_ || !*text_ || !seen_by_.insert(group).second) {
      text_ = root.read(kFile);
      seen_by_ = {group};
    }
    return text_;
  }

private:
  Result<std::optional<std::string>> text_;
  std::set<std::string_view> seen_by_;
};

template <class Block>
class SnmpSource final : public CounterSource {
public:
  SnmpSource(std::string_view group, std::shared_ptr<SharedFile> file)
      : group_(group), file_(std::move(file)) {}

  [[nodiscard]] std::string_view name() const override { return Block::kName; }

  [[nodiscard]] Result<std::optional<sflow::CounterBlock>> read(const host::SysRoot& root) override {
    const auto text = file_->read(root, group_);
    if (!text) {
      return error_of(text);
    }
    if (!*text) {
      return std::nullopt;
    }
    const auto group = parse_snmp_group(**text, group_);
    if (!group) {
      return error_of(group, kFile);
    }
    if (!*group) {
      return std::nullopt;
    }
    Block block;
    Block::fields(block, [&](std::string_view field, std::uint32_t& value) {
      const auto found = (*group)->find(snmp_column(field));
      if (found == (*group)->end()) {
        return;
      }
      const bool is_counter = value == sflow::kUnknown32; // a gauge is 0 at first
      const auto now = is_counter ? counters_[field].advance(found->second) : found->second;
      value = static_cast<std::uint32_t>(*now); // modulo 2^32, as Counter32
    });
    return block;
  }

private:
  std::string_view group_;
  std::shared_ptr<SharedFile> file_;
  std::map<std::string_view, host::ContinuousCounter> counters_; // by field
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
  const auto file = std::make_shared<SharedFile>();
  std::vector<std::unique_ptr<CounterSource>> sources;
  sources.push_back(std::make_unique<SnmpSource<sflow::Mib2Ip>>("Ip", file));
  sources.push_back(std::make_unique<SnmpSource<sflow::Mib2Icmp>>("Icmp", file));
  sources.push_back(std::make_unique<SnmpSource<sflow::Mib2Tcp>>("Tcp", file));
  sources.push_back(std::make_unique<SnmpSource<sflow::Mib2Udp>>("Udp", file));
  return sources;
}

} // namespace sfa::sources
